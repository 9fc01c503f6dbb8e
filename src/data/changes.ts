// Which keys have changed at a primary, for routers whose clients cache what they read (CLIENT TRACKING). A change is told
// when it is committed (R8), behind every reply that did not see it. Must never leave one out: too many are told as `any`.
import { encodeChanged } from '../net/changed-message.js';
import type { Store } from '../store/index.js';
import type { Lane } from './lane.js';

/** Keys of one turn, and of turns that wait to be committed, at most. */
const MOST = 100_000;

/** Who changed a key, as far as it is known: one command of a lane. */
interface Author {
  readonly lane: Lane;
  readonly counter: number;
}

/** Null: several, or nobody's command. */
type Keys = Map<string, Author | null>;

/** Changed keys of one primary. */
export class Changes {
  private open: Keys = new Map();
  /** Any key may have changed in this turn. */
  private any = false;
  private waiting: { need: number; keys: Keys | null }[] = [];
  private held = 0;
  private author: Author | null = null;
  private wanted = false;

  constructor(private readonly store: Store) {}

  /** Which routers want to hear has changed. */
  renew(lanes: Iterable<Lane>): void {
    this.wanted = false;
    for (const { tracks } of lanes) this.wanted ||= tracks;
    this.store.onChange = this.wanted ? (key) => this.add(key) : null;
    if (this.wanted) return;
    this.open.clear();
    this.any = false;
    this.waiting = [];
    this.held = 0;
  }

  /** What changes from now on is changed by this command. */
  by(lane: Lane, counter: number): void {
    if (this.wanted) this.author = { lane, counter };
  }
  /** What changes from now on is changed by nobody in particular. */
  byNobody(): void {
    this.author = null;
  }

  private add(key: string | null): void {
    const { open, author } = this;
    if (key === null || open.size + this.held >= MOST) {
      this.any = true;
      open.clear();
      return;
    }
    if (this.any) return;
    const known = open.get(key);
    if (known === undefined) open.set(key, author);
    else if (known !== null && known !== author) open.set(key, null);
  }

  /** End of the turn. @param head seq up to which everything that was changed is in the log */
  flush(head: number, committed: number, lanes: Iterable<Lane>): void {
    if (!this.wanted) return;
    if (this.any) {
      // It says all that those before it say, but not before it is committed itself.
      this.waiting.push({ need: head, keys: null });
    } else if (this.open.size > 0) {
      this.waiting.push({ need: head, keys: this.open });
      this.held += this.open.size;
      this.open = new Map();
    }
    this.any = false;
    let ready = 0;
    while (ready < this.waiting.length && this.waiting[ready]!.need <= committed) {
      const { keys } = this.waiting[ready++]!;
      this.held -= keys?.size ?? 0;
      for (const lane of lanes) if (lane.tracks) lane.tell(messageFor(lane, keys));
    }
    if (ready > 0) this.waiting.splice(0, ready);
  }
}

function messageFor(lane: Lane, keys: Keys | null): Buffer {
  if (keys === null) return encodeChanged(null);
  return encodeChanged(
    [...keys].map(([key, author]) => ({ key, counter: author?.lane === lane ? author.counter : 0 })),
  );
}
