// Large values on their way to a candidate: piece by piece, so that clients are served in between, and put together
// there. A value that is written meanwhile is begun anew; one that is written again and again is held still while it is
// given. Must never give a value that the key did not have at once.
import { lockName, type Participant, type ParticipantAction } from '../commit/index.js';
import { encodeCommand, ProtocolError } from '../resp/index.js';
import {
  type Imported,
  KeyExport,
  KeyImport,
  PIECE_SIZE,
  type PieceSize,
  type Store,
} from '../store/index.js';
import type { Parked } from './lane.js';

/** Bytes that a value holds above which it travels in pieces. */
export const LARGE = PIECE_SIZE.bytes;
/** So often a value that is written again and again is begun anew; then its writers wait until it has been given. */
const TRIES = 3;

/** What is needed of the primary. */
export interface LargeOwner {
  readonly store: Store;
  readonly transactions: Participant<Parked>;
  perform(actions: ParticipantAction<Parked>[]): void;
}

interface Under {
  readonly key: KeyExport;
  /** Number of the next piece. */
  n: number;
}

/** Keys of a primary that are too large for one message and were not given yet. */
export class LargeValues {
  private readonly keys = new Map<string, { db: number; key: string }>();
  private under: Under | null = null;
  private tries = 0;
  private held: string | null = null;

  constructor(
    private readonly owner: LargeOwner,
    private readonly size?: PieceSize,
  ) {}

  /** Whether this one was not given yet. */
  has(db: number, key: string): boolean {
    return this.keys.size > 0 && this.keys.has(lockName(db, key));
  }
  add(db: number, key: string): void {
    this.keys.set(lockName(db, key), { db, key });
  }
  get count(): number {
    return this.keys.size;
  }
  /** Whether clients wait for the value under way. */
  get urgent(): boolean {
    return this.held !== null;
  }

  /** Says the next piece; nothing when its key is gone. The log's entry under way is closed. */
  next(say: (message: Buffer) => void): void {
    const [first] = this.keys.values();
    if (first === undefined) return;
    const { db, key } = first;
    const { owner } = this;
    let { under } = this;
    if (under === null || !under.key.current) {
      const name = lockName(db, key);
      // One that is locked nobody writes, or only whoever has locked it.
      if (++this.tries > TRIES && this.held === null && owner.transactions.locks.hold(name)) this.held = name;
      const fresh = KeyExport.of(owner.store, db, key, this.size);
      if (fresh === null) {
        return this.done(db, key);
      }
      this.under = under = { key: fresh, n: 0 };
    }
    const bytes = under.key.next()!;
    const last = under.key.over;
    say(encodeCommand(['TOWLINE.PART', db, key, under.n++, last ? 1 : 0, bytes]));
    // Behind the last piece: who waited for it writes at once.
    if (last) this.done(db, key);
  }

  /** Nothing more is given. */
  stop(): void {
    this.keys.clear();
    this.release();
  }

  private done(db: number, key: string): void {
    this.keys.delete(lockName(db, key));
    this.release();
  }
  private release(): void {
    this.under = null;
    this.tries = 0;
    const { held } = this;
    this.held = null;
    const { transactions } = this.owner;
    if (held !== null) this.owner.perform(transactions.granted(transactions.locks.unhold(held)));
  }
}

/** Puts a candidate's pieces together, one key at a time. */
export class Assembly {
  private name = '';
  private key: KeyImport | null = null;

  /** Takes a piece. @returns the key when it is whole @throws ProtocolError when it is not the one that follows */
  take(db: number, key: string, n: number, last: boolean, bytes: Buffer): Imported | null {
    const name = lockName(db, key);
    if (n === 0) {
      this.name = name;
      this.key = new KeyImport();
    }
    if (this.key === null || name !== this.name || n !== this.key.pieces)
      throw new ProtocolError('a piece that does not follow');
    const refused = this.key.take(bytes, last);
    if (refused !== null) throw new ProtocolError(refused);
    const { whole } = this.key;
    if (whole !== null) this.key = null;
    return whole;
  }
}
