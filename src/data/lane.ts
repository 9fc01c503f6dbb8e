// One router's data lane at the primary: a stream of plain commands, each taking the next counter, with changes of
// database, protocol, client and ring version as messages in between; replies go back in the same way. Replies that
// may have seen something undecided are held until it is committed (R8).
import { Buffer } from 'node:buffer';

import { CHANGES } from '../command/index.js';
import type { CommandRow } from '../command/row.js';
import type { LockOwner, LockRequest } from '../commit/index.js';
import { ABSENT } from '../net/absent.js';
import type { Conn } from '../net/host.js';
import { inOne, type Proto, ReplyWriter, type Request, type RequestParser } from '../resp/index.js';
import { Unlogged } from './unlogged.js';

/** A run of replies: consecutive counters, or with `TOWLINE.AT` where they are not. */
class Run {
  readonly writer = new ReplyWriter();
  first = -1;
  next = -1;
  need = 0;

  /** The reply to `counter` follows. @returns the length to go back to if it does not belong here after all. */
  begin(counter: number): number {
    const mark = this.writer.length;
    if (mark === 0) this.first = counter;
    else if (counter !== this.next) at(this.writer, counter);
    this.next = counter + 1;
    return mark;
  }
  take(): Buffer {
    const bytes = this.writer.take();
    this.need = 0;
    return bytes;
  }
}

function at(writer: ReplyWriter, counter: number): void {
  writer.latin1(`>2\r\n$10\r\nTOWLINE.AT\r\n:${counter}\r\n`);
}

/** Where a reply begins, and what it depends on. */
export interface Placed {
  counter: number;
  mark: number;
  from: number;
  need: number;
}

interface Chunk {
  /** Number of the run. */
  run: number;
  need: number;
  first: number;
  next: number;
  bytes: Buffer;
}

/**
 * What a router wants of a command beside its execution. `asked`: of an older group of the key's chain, which says
 * ABSENT when it does not hold it; `owned`, `elsewhere`: a read of all keys, of those slots only; `piece`, `stage`: no
 * command of a client's but a piece of a key that leaves, or that comes here; `exec`, `states`: of a client's MULTI/EXEC
 * and WATCH (exec.ts); `try`, `block`: of one that may wait (blocking.ts).
 */
export type Wrap =
  | 'none'
  | 'asked'
  | 'owned'
  | 'elsewhere'
  | 'piece'
  | 'stage'
  | 'exec'
  | 'states'
  | 'try'
  | 'block';

/** A command that waits for a lock, or behind one of its client that does. */
export interface Parked {
  lane: Lane;
  counter: number;
  /** Undefined: one of the reads that only routers send. */
  row: CommandRow | undefined;
  request: Request;
  db: number;
  proto: Proto;
  /** Fence of the ring it was planned with (R2). */
  ring: number;
  tag: number;
  lock: LockRequest<LockOwner<Parked>> | null;
  wrap: Wrap;
}

/** State of one router's data lane. Who executes is the primary; this keeps order and bytes. */
export class Lane {
  /** Counter of the next plain command. */
  next = 0;
  /** Counters below this were sent before, over another connection (R10). */
  fresh = 0;
  db = 0;
  proto: Proto = 2;
  /** Client of the next commands; 0: one that has nothing else under way here. */
  tag = 0;
  ring = 0;
  /** Classes of keyspace events that the router wants to be told (command/key-events.ts). */
  notify = 0;
  /** The router wants to be told of every changed key. */
  tracks = false;
  /** Newest ring whose document the router was given. */
  told = 0;
  /** The router asked for something of a newer ring than is known here: nothing more is read until it is. */
  blocked = false;
  /** Replaced by a newer connection of the same router, or closed: nothing of it counts any more. */
  gone = false;
  paused = false;
  /** Parked commands of clients that have nothing else under way here. */
  readonly single = new Set<Parked>();
  /** Parked commands of the others, by client, in order. */
  readonly parked = new Map<number, Parked[]>();
  parkedCount = 0;
  /** Tags below 0: of queues that no client adds to any more. */
  private strays = 0;
  readonly now = new Run();
  readonly later = new Run();
  readonly unlogged = new Unlogged();
  private held: Chunk[] = [];
  private heldBytes = 0;
  private sentNext = -1;
  private out: Buffer[] = [];
  /** Said behind the replies of this turn. */
  private readonly behind: Buffer[] = [];

  constructor(
    readonly router: string,
    readonly conn: Conn,
    readonly parser: RequestParser,
  ) {}

  /** What the router wants to be told, as it says it. */
  want(flags: number): void {
    this.notify = flags & ~CHANGES;
    this.tracks = (flags & CHANGES) !== 0;
  }

  /** Bytes of replies that are not on their way yet. */
  get waiting(): number {
    return this.heldBytes + this.conn.queued;
  }

  /**
   * The last reply, begun at `mark` of `later` (a write's) or of `now`, waits until `need` is committed, or leaves at the
   * end of the turn: it is taken to where those are that do.
   */
  place(write: boolean, waits: boolean, { counter, mark, from, need }: Placed): void {
    if (write !== waits) {
      const [source, target] = write ? [this.later, this.now] : [this.now, this.later];
      target.begin(counter);
      target.writer.bytes(source.writer.view(from));
      source.writer.truncate(mark);
      // The replies before it are not followed by what follows it: the next one must say its counter.
      source.next = -1;
    }
    if (waits && need > this.later.need) this.later.need = need;
  }

  /** Command `counter`, sent untagged, is of the client that is tagged now: what follows waits behind it. */
  adopt(counter: number): void {
    this.unlogged.adopt(this.tag, counter);
    for (const parked of this.single) {
      if (parked.counter !== counter) continue;
      this.single.delete(parked);
      // Older commands of the client, whose replies it waits for no more, go on without it.
      const older = this.parked.get(this.tag);
      if (older !== undefined) {
        this.strays--;
        for (const each of older) each.tag = this.strays;
        this.parked.set(this.strays, older);
      }
      parked.tag = this.tag;
      this.parked.set(this.tag, [parked]);
      return;
    }
  }

  /** Tells the router whom it has reached: its first message over this connection. */
  greet(from: { group: string; term: number; epoch: number; ring: { fence: number } }): void {
    const { group, term, epoch, ring } = from;
    const words = ['TOWLINE.LANE', group, term, epoch, ring.fence].map((word) => `${word}`);
    const text = words.map((word) => `$${word.length}\r\n${word}\r\n`).join('');
    this.conn.write(Buffer.from(`>${words.length}\r\n${text}`, 'latin1'));
  }

  /** An internal answer to `counter` that is no reply: `words` after its name. */
  push(counter: number, words: readonly (string | number)[]): void {
    this.now.begin(counter);
    this.now.writer.latin1(`>${words.length}\r\n`);
    for (const word of words) this.now.writer.bulk(Buffer.from(String(word), 'utf8'));
  }

  /** What takes the place of the reply to `counter` when the key is not here. */
  absent(writer: ReplyWriter, counter: number, mark: number): void {
    writer.latin1(`>3\r\n$${ABSENT.length}\r\n${ABSENT}\r\n:${counter}\r\n:${mark}\r\n`);
  }

  /** Says this behind the replies that leave at the end of this turn, in the same write. */
  tell(message: Buffer): void {
    this.behind.push(message);
  }

  /** End of the turn: everything up to `committed` leaves, in one write. */
  flush(committed: number): void {
    const { now, later, unlogged } = this;
    // What has waited since earlier turns first: a reply may follow one of them (unlogged.ts).
    this.free(committed);
    if (now.writer.length > 0) this.emit(now.first, now.next, now.take());
    if (later.writer.length > 0) {
      const { need, first, next } = later;
      const bytes = later.take();
      this.held.push({ run: unlogged.run++, need, first, next, bytes });
      this.heldBytes += bytes.length;
      this.free(committed);
    }
    const { out, behind } = this;
    if (behind.length > 0) out.push(...behind.splice(0));
    if (out.length === 0) return;
    this.out = [];
    this.conn.write(inOne(out));
  }

  private free(committed: number): void {
    let free = 0;
    while (free < this.held.length && this.held[free]!.need <= committed) {
      const { run, first, next, bytes } = this.held[free++]!;
      this.heldBytes -= bytes.length;
      this.emit(first, next, bytes);
      this.unlogged.left = run;
    }
    if (free > 0) this.held.splice(0, free);
  }

  /** Whether replies wait for the commit index. */
  get holds(): boolean {
    return this.held.length > 0;
  }

  private emit(first: number, next: number, bytes: Buffer): void {
    if (first !== this.sentNext)
      this.out.push(Buffer.from(`>2\r\n$10\r\nTOWLINE.AT\r\n:${first}\r\n`, 'latin1'));
    this.out.push(bytes);
    this.sentNext = next;
  }
}
