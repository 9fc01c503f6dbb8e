// A key too large for one message goes to its owner in pieces, while it is read where it is. Nobody writes it meanwhile:
// a write has to move it first, and waits for this. The last step is a transaction that deletes it at the source and
// makes a key of the pieces at the owner (R1), if it is still the value that the pieces are of.
import { Buffer } from 'node:buffer';
import { LOCKS_DB, MOVES, type Next, type Plan, type Share } from '../commit/index.js';
import type { Host } from '../net/host.js';
import { encodeCommand, requestOf } from '../resp/index.js';
import { askLane } from './ask.js';
import type { Coordinators } from './coordinators.js';
import type { DataLane } from './data-lane.js';
import { errorReply } from './errors.js';
import { elementsOf } from './fanout.js';
import { Effects } from './homes.js';
import type { Movable, Moved } from './move.js';
import type { Route } from './route.js';

/** Pieces that are on their way to the owner at a time. */
const WINDOW = 4;
/** How long a piece may take, ms; then the move is given up. */
const PATIENCE_MS = 10_000;

/** What a move is about, and what it uses. */
export interface LargeMoveOptions {
  readonly host: Host;
  readonly owner: {
    readonly route: Route;
    readonly lanes: readonly DataLane[];
    readonly coordinators: Coordinators;
  };
  readonly route: Route;
  /** The older group that holds the key. */
  readonly source: string;
  readonly key: Movable;
  /** Name of what is staged: unique. */
  readonly id: string;
}

/** One key on its way. */
export class LargeMove {
  private readonly to: string;
  /** Seq of the value that the pieces are of; -1: not known yet. */
  private seq = -1;
  /** Pieces that have come from the source, and that the owner has taken; bytes of them. */
  private read = 0;
  private staged = 0;
  private bytes = 0;
  private under = 0;
  private reading = false;
  /** The last piece has come. */
  private all = false;
  private adopting = false;
  private ended = false;
  private movedAt = 0;

  /** @param done told once: what was moved; null: nothing, and it may be tried again */
  constructor(
    private readonly options: LargeMoveOptions,
    private readonly done: (moved: Moved | null) => void,
  ) {
    const { route, key } = options;
    this.to = route.groups[route.ownerOfKey(key.key)]!;
  }

  start(): void {
    this.movedAt = this.options.host.now();
    this.watch();
    this.next();
  }

  private get current(): boolean {
    return this.options.owner.route === this.options.route;
  }

  /** Gives up when nothing moves any more. */
  private watch(): void {
    const { host } = this.options;
    host.after(PATIENCE_MS / 4, () => {
      if (this.ended) return;
      if (host.now() - this.movedAt > PATIENCE_MS) this.end(null);
      else this.watch();
    });
  }

  /** Asks for the next piece, while not too many are on their way. */
  private next(): void {
    if (this.ended) return;
    if (!this.current) return this.end(null);
    if (this.reading || this.under >= WINDOW || this.all) return;
    const { key, source, id } = this.options;
    this.reading = true;
    const n = this.read;
    this.ask(source, requestOf(['TOWLINE.PIECE', key.key, id, n]), (reply) => {
      this.reading = false;
      this.movedAt = this.options.host.now();
      if (this.ended) return;
      // Gone meanwhile: moved by another router, deleted or expired.
      if (reply === null || reply[0] !== 42) return this.end(reply === null ? null : { keys: 0, bytes: 0 });
      const [seq, last, bytes] = elementsOf(reply);
      this.seq = Number(seq!.latin1Slice());
      this.all = last!.latin1Slice() === '1';
      this.read++;
      this.stage(n, bytes!);
      this.next();
    });
  }

  private stage(n: number, bytes: Buffer): void {
    this.under++;
    const words = ['TOWLINE.STAGE', this.options.id, n, this.all ? 1 : 0, bytes];
    this.ask(this.to, requestOf(words), (reply) => {
      this.under--;
      this.movedAt = this.options.host.now();
      if (this.ended) return;
      if (reply === null || reply[0] !== 43) return this.end(null);
      this.staged++;
      this.bytes += bytes.length;
      if (this.all && this.staged === this.read) this.adopt();
      else this.next();
    });
  }

  /** Everything is at the owner: the key changes its home. */
  private adopt(): void {
    const { owner, route } = this.options;
    let moved: Moved | null = null;
    this.adopting = true;
    owner.coordinators.start({
      plan: () =>
        owner.route === route ? this.plan(() => (moved = { keys: 1, bytes: this.bytes })) : GIVEN_UP,
      answer: () => this.end(moved),
    });
  }

  private plan(moved: () => void): Plan {
    const { route, source, key: movable, id } = this.options;
    const { db, key } = movable;
    const locked = { db, key, exclusive: true };
    const command = encodeCommand(['TOWLINE.STATES', db, key]);
    const from: Share = {
      group: source,
      keys: [locked, { db: LOCKS_DB, key: MOVES, exclusive: false }],
      everything: false,
      fetch: false,
      read: { db, proto: 2, command },
    };
    const to: Share = { group: this.to, keys: [locked], everything: false, fetch: false, read: null };
    return {
      ring: route.fence,
      shares: source < this.to ? [from, to] : [to, from],
      locked: (answers): Next => {
        // `term.pSeq` (data/exec.ts): a new primary's seqs are of the same log.
        const state = elementsOf(answers.get(source)!.reply)[0]!.latin1Slice();
        const same = state.endsWith(`.p${this.seq}`);
        if (!same) {
          this.adopting = false;
          return { kind: 'answer', reply: GIVEN_UP };
        }
        const effects = new Effects();
        effects.add(source, db, ['DEL', key]);
        effects.add(this.to, db, ['TOWLINE.ADOPT', key, id]);
        const decided = () => {
          route.gave(source, db, key);
          moved();
        };
        return { kind: 'write', effects: effects.take(), reply: OK, decided };
      },
    };
  }

  private end(moved: Moved | null): void {
    if (this.ended) return;
    this.ended = true;
    // Not when it may be on its way to become a key: then it is, or it is dropped when nobody goes on with it.
    if (moved === null && !this.adopting && this.read > 0) this.unstage();
    this.done(moved);
  }

  /** What the owner has got of it is of no use: it need not keep it until it has waited long enough. */
  private unstage(): void {
    this.ask(this.to, requestOf(['TOWLINE.UNSTAGE', this.options.id]), () => {});
  }

  /** @param done given the reply; null: there is none */
  private ask(
    group: string,
    request: ReturnType<typeof requestOf>,
    done: (reply: Buffer | null) => void,
  ): void {
    const { owner, route, key } = this.options;
    const lane = owner.lanes[route.groups.indexOf(group)];
    if (!this.current || lane === undefined || lane.full) return done(null);
    const write = !request.is(0, 'towline.piece');
    askLane(lane, request, { db: key.db, proto: 2 }, write, (reply) =>
      done(reply?.[0] === 45 ? null : reply),
    );
  }
}

const OK = Buffer.from('+OK\r\n', 'latin1');
const GIVEN_UP = errorReply('STALE');
