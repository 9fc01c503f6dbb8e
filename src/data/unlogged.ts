// Replies of one lane's commands that are in no entry of the log, since they changed nothing, and that its router may
// not have heard: by client and key. When a client writes what such a command of its own touched, and may not know
// its reply, that reply is kept in the write's entry: sent again, the command must not come after the write (R10). What
// does not write must not be heard of before it, for the same reason: its reply leaves behind it.
// Bounded: of a reply that there was no room for, what is kept says that it is not known.
import { Buffer } from 'node:buffer';
import { type CommandRow, databasesOf, firstKey, keysOf } from '../command/index.js';
import { ByteWriter, type ReplyWriter, type Request } from '../resp/index.js';

/** Replies longer than this are not kept. */
const LARGEST = 16 * 1024;
/** Bytes of replies kept: the newest so many at least, twice as many at most. */
const KEPT = 960 * 1024;
/** Commands remembered at first, and at most; a power of two. A router has no more under way (router/data-lane.ts). */
const FEW = 1024;
const MOST = 1 << 20;
/** Length of a reply that was not kept. */
const UNKEPT = -1;
/** Client of a command that has been told. */
const TOLD = -1;
const UNCERTAIN = Buffer.from('-UNCERTAIN the reply to this command was not kept\r\n', 'latin1');

/** Is told what a command was answered: bytes [from, to) of `source`, valid until the call returns. */
export type Tell = (counter: number, source: Buffer, from: number, to: number) => void;

/** Positions in it count from the first byte that there ever was. */
class Bytes extends ByteWriter {
  base = 0;

  has(at: number): boolean {
    return at >= this.base && at < this.base + this.length;
  }
  tell(counter: number, at: number, length: number, each: Tell): void {
    each(counter, this.buffer, at - this.base, at - this.base + length);
  }
}

/** Records [first, next), each at its number modulo the size of the arrays. */
export class Unlogged {
  private first = 0;
  private next = 0;
  private counters = new Float64Array(FEW);
  private clients = new Float64Array(FEW);
  private keys = new Int32Array(FEW);
  private at = new Float64Array(FEW);
  private lengths = new Int32Array(FEW);
  /** Number of the run in which its reply waits; 0: it left in its turn. */
  private runs = new Float64Array(FEW);
  /** Number of the run of replies under way that wait for the commit index, and of the last one that has left. */
  run = 1;
  left = 0;
  /** The last run with one of these commands. */
  private waiting = 0;
  /** The last record of each bucket, and the one before each in its bucket. */
  private heads = new Float64Array(FEW).fill(-1);
  private before = new Float64Array(FEW);
  private newer = new Bytes();
  private older = new Bytes();

  /** Records held, for tests. */
  get size(): number {
    return this.next - this.first;
  }

  /**
   * A command was executed and changed nothing that is logged.
   * @param client tag of its client; 0: one that had nothing else under way, and may be named later (adopt)
   * @param from where its reply begins in `replies`, which it ends
   * @param undecided whether the reply waits for the commit index, whatever it follows
   * @returns whether it waits
   */
  add(
    counter: number,
    client: number,
    row: CommandRow,
    request: Request,
    db: number,
    replies: ReplyWriter,
    from: number,
    undecided = false,
  ): boolean {
    const waits = undecided || this.follows(client, row, request, db);
    const run = waits ? this.run : 0;
    if (waits) this.waiting = run;
    const length = replies.length - from;
    const at = length > LARGEST ? 0 : this.keep(replies, from);
    const kept = length > LARGEST ? UNKEPT : length;
    const only = onlyKey(row);
    if (only > 0 && row.otherDatabase === undefined)
      this.record(counter, client, keyAt(request, only, db), at, kept, run);
    else
      for (const within of databasesOf(row, request, db))
        for (const i of keysOf(row, request))
          this.record(counter, client, keyAt(request, i, within), at, kept, run);
    return waits;
  }

  /** Whether a reply of this client's about one of these keys waits still: the next one must not leave before it. */
  private follows(client: number, row: CommandRow, request: Request, db: number): boolean {
    if (client === 0 || this.waiting <= this.left) return false;
    return databasesOf(row, request, db).some((within) =>
      keysOf(row, request).some((i) => this.followsIn(client, keyAt(request, i, within))),
    );
  }

  /** Command `counter`, sent untagged, was of this client. */
  adopt(client: number, counter: number): void {
    for (let n = this.next - 1; n >= this.first; n--) {
      const i = n & (this.counters.length - 1);
      if (this.counters[i] !== counter) continue;
      if (this.clients[i] !== 0) return;
      this.record(counter, client, this.keys[i]!, this.at[i]!, this.lengths[i]!, this.runs[i]!);
    }
  }

  /** The client has written: what it asked of these keys is told, each once. */
  take(client: number, row: CommandRow, request: Request, db: number, each: Tell): void {
    if (this.next === this.first) return;
    const only = onlyKey(row);
    if (only > 0 && row.otherDatabase === undefined)
      return this.takeKey(client, keyAt(request, only, db), each);
    for (const within of databasesOf(row, request, db))
      for (const i of keysOf(row, request)) this.takeKey(client, keyAt(request, i, within), each);
  }

  /** The router has every reply below `counter`. */
  acknowledge(counter: number): void {
    const mask = this.counters.length - 1;
    while (this.first < this.next && this.counters[this.first & mask]! < counter) this.first++;
  }

  private followsIn(client: number, key: number): boolean {
    const mask = this.counters.length - 1;
    for (let n = this.heads[bucket(client, key) & mask]!; n >= this.first; n = this.before[n & mask]!) {
      const i = n & mask;
      if (this.keys[i] === key && this.clients[i] === client && this.runs[i]! > this.left) return true;
    }
    return false;
  }

  private takeKey(client: number, key: number, each: Tell): void {
    const mask = this.counters.length - 1;
    for (let n = this.heads[bucket(client, key) & mask]!; n >= this.first; n = this.before[n & mask]!) {
      const i = n & mask;
      if (this.keys[i] !== key || this.clients[i] !== client) continue;
      const [counter, at, length] = [this.counters[i]!, this.at[i]!, this.lengths[i]!];
      // It may have touched several keys.
      for (let other = n; this.is(other, counter); other++) this.clients[other & mask] = TOLD;
      for (let other = n; this.is(other, counter); other--) this.clients[other & mask] = TOLD;
      const bytes = this.newer.has(at) ? this.newer : this.older;
      if (length !== UNKEPT && bytes.has(at)) bytes.tell(counter, at, length, each);
      else each(counter, UNCERTAIN, 0, UNCERTAIN.length);
    }
  }

  private is(n: number, counter: number): boolean {
    return n >= this.first && n < this.next && this.counters[n & (this.counters.length - 1)] === counter;
  }

  /** @returns the reply's position */
  private keep(replies: ReplyWriter, from: number): number {
    if (this.newer.length >= KEPT) {
      const { older } = this;
      this.older = this.newer;
      this.newer = older;
      older.clear();
      older.base = this.older.base + this.older.length;
    }
    const { newer } = this;
    replies.appendTo(newer, from);
    return newer.base + newer.length - (replies.length - from);
  }

  private record(
    counter: number,
    client: number,
    key: number,
    at: number,
    length: number,
    run: number,
  ): void {
    if (this.next - this.first === this.counters.length) this.room();
    const n = this.next++;
    const mask = this.counters.length - 1;
    const i = n & mask;
    this.counters[i] = counter;
    this.clients[i] = client;
    this.keys[i] = key;
    this.at[i] = at;
    this.lengths[i] = length;
    this.runs[i] = run;
    // Nobody looks for one that has no name yet.
    if (client === 0) return;
    const head = bucket(client, key) & mask;
    this.before[i] = this.heads[head]!;
    this.heads[head] = n;
  }

  /** Twice as many; at the bound the oldest is forgotten. */
  private room(): void {
    if (this.counters.length >= MOST) {
      this.first++;
      return;
    }
    const { first, next, counters, clients, keys, at, lengths, runs } = this;
    const [mask, size] = [counters.length - 1, counters.length * 2];
    this.counters = new Float64Array(size);
    this.clients = new Float64Array(size);
    this.keys = new Int32Array(size);
    this.at = new Float64Array(size);
    this.lengths = new Int32Array(size);
    this.runs = new Float64Array(size);
    this.heads = new Float64Array(size).fill(-1);
    this.before = new Float64Array(size);
    this.next = first;
    for (let n = first; n < next; n++) {
      const i = n & mask;
      this.record(counters[i]!, clients[i]!, keys[i]!, at[i]!, lengths[i]!, runs[i]!);
    }
  }
}

/** Index of the only key of the row's commands; 0: there may be several. */
function onlyKey(row: CommandRow): number {
  return row.keys.first === row.keys.last ? firstKey(row) : 0;
}

/** A hash of a key of a database: another key that has the same costs a reply that is kept in vain. */
function keyAt({ buffer, start, from, to }: Request, i: number, db: number): number {
  const end = start + to[i]!;
  const begin = start + from[i]!;
  let hash = 0x811c9dc5 ^ db ^ ((end - begin) << 4);
  // Keys that are alike differ in their last bytes.
  for (let at = Math.max(begin, end - 8); at < end; at++) hash = Math.imul(hash ^ buffer[at]!, 0x01000193);
  return hash;
}

function bucket(client: number, key: number): number {
  const mixed = Math.imul(key ^ client, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
