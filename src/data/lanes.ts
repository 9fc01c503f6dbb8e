// The data lanes of a primary: what routers send is executed in order of arrival, parked behind locks, recalled, or
// called STALE (R2, R10). Replies of writes wait, those of reads leave at once unless they saw something undecided
// (R8). Must never execute a command twice, nor one of a client before an earlier one of the same client.
import { arityOk, find, findRequest } from '../command/index.js';
import type { CommandRow } from '../command/row.js';
import type { Conn, ConnHandler } from '../net/host.js';
import { type Proto, ProtocolError, type Request, type RequestParser } from '../resp/index.js';
import { type Announcements, announce } from './announcements.js';
import { answerBroken } from './broken.js';
import { Changes } from './changes.js';
import { execOf, runExec } from './exec.js';
import { locksOf, type Message, mustWait, triesToWrite } from './keys.js';
import { Lane, type Parked, type Wrap } from './lane.js';
import type { LanesOwner } from './lanes-owner.js';
import { runOne } from './run-one.js';
import { databaseOf, fenceAt, numberOf, ringOf, unwrap } from './vet.js';

/** Bytes of replies on one lane, or of commands that wait for a ring, at which reading from the router pauses. */
const LANE_CAPACITY = 64 * 1024 * 1024;
/** Commands parked on one lane at which reading from it pauses. */
const PARKED_CAPACITY = 10_000;

/** All data lanes of one primary. */
export class Lanes {
  private readonly all = new Set<Lane>();
  private readonly announcements: Announcements;
  private readonly changes: Changes;
  /** Acknowledgements of routers that the backups have not been told: router -> counter. */
  readonly acked = new Map<string, number>();

  constructor(private readonly owner: LanesOwner) {
    this.announcements = owner.writer.announcements;
    this.changes = new Changes(owner.store);
  }

  /** A newer ring is known: what waited for it goes on (R2). */
  ringChanged(): void {
    for (const lane of this.all) {
      if (!lane.blocked) continue;
      lane.blocked = false;
      this.read(lane, null);
    }
  }
  /** Reads nothing more: the group is being handed over. */
  pause(): void {
    for (const lane of this.all) lane.conn.pause();
  }
  /** Says this to every router, among the replies. */
  tell(push: Buffer): void {
    for (const { conn } of this.all) conn.write(push);
  }
  /** Ends every lane: their routers open new ones. */
  drop(): void {
    for (const lane of [...this.all]) this.lose(lane);
  }
  stop(): void {
    for (const lane of this.all) {
      lane.gone = true;
      lane.conn.destroy();
    }
  }
  /** End of the turn: what is committed leaves. */
  flush(committed: number): void {
    this.announcements.flush(committed, this.all);
    this.changes.flush(this.owner.log.head, committed, this.all);
    for (const lane of this.all) {
      lane.flush(committed);
      if (lane.paused) this.resume(lane);
      // What others change is told without its asking: one that does not read begins anew, and knows that it missed some.
      if (lane.tracks && lane.conn.queued > LANE_CAPACITY) this.lose(lane);
    }
  }

  /** A router opened its data lane: `TOWLINE.LANE router floor fresh ring [flags]`. What `parser` still holds follows. */
  accept(conn: Conn, hello: Request, parser: RequestParser): ConnHandler {
    const router = hello.text(1);
    const lane = new Lane(router, conn, parser);
    lane.next = numberOf(hello, 2);
    // What was sent over a connection that is gone may arrive after what followed it over another one (R10).
    this.owner.writer.close();
    lane.fresh = Math.max(numberOf(hello, 3), this.owner.remembered.reached(router));
    lane.ring = fenceAt(hello, 4);
    if (hello.argc > 5) lane.want(numberOf(hello, 5));
    // What the router's older connection still says would be said twice (R10).
    for (const other of this.all) if (other.router === router) this.lose(other);
    this.all.add(lane);
    this.wantsChanged();
    this.owner.remembered.acknowledge(router, lane.next);
    lane.greet(this.owner);
    this.read(lane);
    return {
      data: (chunk) => {
        if (!lane.gone) this.read(lane, chunk);
      },
      drained: () => this.resume(lane),
      closed: () => this.lose(lane),
    };
  }

  private wantsChanged(): void {
    this.announcements.renew(this.all);
    this.changes.renew(this.all);
  }

  private lose(lane: Lane): void {
    if (lane.gone) return;
    lane.gone = true;
    this.all.delete(lane);
    this.wantsChanged();
    this.owner.blocking.lost(lane);
    lane.conn.destroy();
    for (const { lock } of [...[...lane.parked.values()].flat(), ...lane.single])
      if (lock !== null) this.owner.perform(this.owner.transactions.unpark(lock));
    lane.parked.clear();
    lane.single.clear();
  }

  /** Reads on, with what arrived; null: begins with the command that a newer ring was awaited for. */
  private read(lane: Lane, chunk?: Buffer | null): void {
    if (this.owner.halted) return;
    this.owner.writer.ctx.now = this.owner.now();
    try {
      if (chunk === null) this.command(lane, lane.parser.request);
      else if (chunk !== undefined) lane.parser.feed(chunk);
      while (!lane.gone && !lane.blocked && !this.owner.halted && lane.parser.next())
        this.command(lane, lane.parser.request);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.lose(lane);
    }
    if (!lane.paused && !lane.gone && this.overfull(lane)) {
      lane.paused = true;
      lane.conn.pause();
    }
    this.owner.touch();
  }

  /** Whether no more of the lane should be read for now. */
  private overfull(lane: Lane): boolean {
    return (
      // Bytes are kept rather than the connection paused: a paused one does not hear that its peer is gone.
      (lane.blocked && lane.parser.pending > LANE_CAPACITY) ||
      this.owner.log.full ||
      lane.waiting > LANE_CAPACITY ||
      lane.parkedCount > PARKED_CAPACITY
    );
  }

  private resume(lane: Lane): void {
    if (!lane.paused || this.overfull(lane)) return;
    lane.paused = false;
    lane.conn.resume();
  }

  /** One message of a lane. Outcomes: a modifier is taken; a plain command is executed, parked, recalled, or STALE. */
  private command(lane: Lane, request: Request): void {
    if (request.argc === 0) return;
    const from = request.start + request.from[0]!;
    let row = find(request.buffer, from, request.start + request.to[0]!);
    if (row?.subcommands !== undefined) row = findRequest(request);
    let wrap: Wrap = 'none';
    if (row === undefined) {
      if (this.modifier(lane, request)) return;
      const inner = unwrap(request);
      if (inner !== null) ({ wrap, row, request } = inner);
    }
    if (row !== undefined && !arityOk(row, request.argc))
      throw new ProtocolError('command with a wrong number of arguments');
    if (lane.ring > this.owner.ring.fence) {
      lane.blocked = true;
      return;
    }
    const counter = lane.next++;
    // R10 before R2: STALE means that nothing was executed, and this may have been, under the ring that it names.
    if (counter < lane.fresh && this.recall(lane, counter)) return;
    if (lane.ring < this.owner.ring.fence) return this.stale(lane, counter);
    if (this.owner.transactions.locks.size > 0 || lane.parkedCount > 0) {
      if (this.parks(lane, counter, row, request, wrap)) return;
    }
    this.run(lane, counter, lane.tag, row, request, lane.db, lane.proto, wrap);
  }

  /** Nothing was executed: the router plans anew with the newer ring (R2). */
  private stale(lane: Lane, counter: number): void {
    const { fence, document } = this.owner.ring;
    const words = ['TOWLINE.STALE', counter, fence];
    // The document once is enough: the router takes it as soon as it hears it.
    if (lane.told < fence) words.push(JSON.stringify(document));
    lane.told = fence;
    lane.push(counter, words);
  }

  private modifier(lane: Lane, request: Request): boolean {
    switch (request.text(0)) {
      case 'TOWLINE.DB':
        lane.db = databaseOf(request, 1);
        return true;
      case 'TOWLINE.PROTO':
        lane.proto = numberOf(request, 1) === 3 ? 3 : 2;
        return true;
      case 'TOWLINE.CLIENT':
        lane.tag = numberOf(request, 1);
        if (request.argc > 2) lane.adopt(numberOf(request, 2));
        return true;
      case 'TOWLINE.RING':
        lane.ring = fenceAt(request, 1);
        // One that is cut from ZooKeeper here adopts it all the same (R2).
        if (request.argc > 2) this.owner.heardRing(ringOf(request, 2));
        return true;
      case 'TOWLINE.NOTIFY':
        lane.want(numberOf(request, 1));
        this.wantsChanged();
        return true;
      case 'TOWLINE.AT':
        lane.next = numberOf(request, 1);
        return true;
      case 'TOWLINE.ACK': {
        const counter = numberOf(request, 1);
        this.owner.remembered.acknowledge(lane.router, counter);
        lane.unlogged.acknowledge(counter);
        this.acked.set(lane.router, counter);
        return true;
      }
      default:
        return false;
    }
  }

  /** R10: a command that was sent before is answered from memory if it is there. */
  private recall(lane: Lane, counter: number): boolean {
    this.owner.writer.close();
    const known = this.owner.remembered.recall(lane.router, counter);
    if (known.kind === 'new') return false;
    lane.later.begin(counter);
    if (known.kind === 'answered') {
      lane.later.writer.bytes(known.reply);
      if (known.seq > lane.later.need) lane.later.need = known.seq;
    } else lane.later.writer.error('UNCERTAIN the outcome of this command has been forgotten');
    return true;
  }

  /** Executes now. Replies of writes wait in `later`; those of reads leave at once unless they saw something undecided. */
  private run(
    lane: Lane,
    counter: number,
    tag: number,
    row: CommandRow | undefined,
    request: Request,
    db: number,
    proto: Proto,
    wrap: Wrap,
  ): void {
    const { writer: entries, log } = this.owner;
    const { ctx, open } = entries;
    if (open.router !== lane.router) {
      entries.close();
      open.router = lane.router;
    }
    const exec = wrap === 'exec' ? execOf(request) : null;
    const write =
      row?.write === true || wrap === 'stage' || exec?.write === true || triesToWrite(wrap, request);
    // What is changed from now on must be told from what these states, or this piece, are of (WATCH).
    if (wrap === 'states' || wrap === 'piece') entries.close();
    const replies = write ? lane.later : lane.now;
    const mark = replies.begin(counter);
    const { writer } = replies;
    const from = writer.length;
    writer.proto = proto;
    // Only these may follow each other without their client having heard of the first one.
    const plain = wrap === 'none' && row?.where === 'keys' && tag >= 0;
    if (write && !log.writable) {
      writer.error('NOREPLICAS Not enough good replicas to write.');
      const waits = !plain || lane.unlogged.add(counter, tag, row, request, db, writer, from);
      return lane.place(true, waits, { counter, mark, from, need: 0 });
    }
    ctx.reply = writer;
    ctx.frozen = !log.writable;
    ctx.db = db;
    ctx.need = 0;
    ctx.notifying = lane.notify;
    ctx.seq = log.head + 1;
    let changed: boolean;
    let broken: unknown = null;
    const { database, effects } = open;
    const { size } = effects;
    this.changes.by(lane, counter);
    try {
      if (exec !== null) changed = runExec(exec, this.owner);
      else {
        open.begin(db);
        runOne(this.owner, { lane, counter, row, request, wrap });
        changed = open.end(db);
      }
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      broken = error;
      changed = answerBroken(ctx, open, write, { reply: from, size, db: database });
    }
    this.changes.byNobody();
    const at = announce(writer, from, ctx);
    if (changed) {
      ctx.need = ctx.seq;
      if (write) {
        open.answered(counter, writer.view(), at, writer.length);
        if (plain && tag > 0) lane.unlogged.take(tag, row, request, db, open.keep);
      } else if (wrap === 'states') entries.close();
    }
    const unlogged = plain && !(write && changed);
    let waits = (write && !unlogged) || ctx.need > log.committed;
    if (unlogged) waits = lane.unlogged.add(counter, tag, row, request, db, writer, at, waits);
    lane.place(write, waits, { counter, mark, from, need: ctx.need });
    if (broken !== null) this.owner.broke(broken, request.text(0), write);
  }

  // ---- parking

  /** Whether the command must wait for a lock, or behind an earlier command of its client. */
  private parks(
    lane: Lane,
    counter: number,
    row: CommandRow | undefined,
    request: Request,
    wrap: Wrap,
  ): boolean {
    const { tag } = lane;
    const behind = tag !== 0 ? lane.parked.get(tag) : undefined;
    if (behind === undefined && !this.blockedKeys({ row, request, db: lane.db, wrap })) return false;
    const parked: Parked = {
      lane,
      counter,
      row,
      request: request.clone(),
      db: lane.db,
      proto: lane.proto,
      ring: lane.ring,
      tag,
      lock: null,
      wrap,
    };
    lane.parkedCount++;
    if (behind !== undefined) {
      behind.push(parked);
      return true;
    }
    if (tag !== 0) lane.parked.set(tag, [parked]);
    else lane.single.add(parked);
    this.lockFor(parked);
    return true;
  }

  private blockedKeys(message: Message): boolean {
    return mustWait(this.owner.transactions, message);
  }

  private lockFor(parked: Parked): void {
    const { transactions } = this.owner;
    parked.lock = transactions.locks.request({ parked }, locksOf(transactions, parked), false);
    if (parked.lock.granted) this.wake([parked]);
  }

  /** Locks of parked commands are granted: they execute, then those behind them of the same client. */
  wake(granted: Parked[]): void {
    // Handing over: whoever leads next executes them, or this one when their lanes have been dropped (R9).
    if (this.owner.halted) return;
    for (const parked of granted) {
      const { lane, tag, lock } = parked;
      if (lane.gone || lock === null || this.owner.halted) continue;
      this.owner.writer.ctx.now = this.owner.now();
      this.finishParked(parked);
      parked.lock = null;
      this.owner.perform(this.owner.transactions.unpark(lock));
      if (tag === 0) {
        lane.single.delete(parked);
        continue;
      }
      const queue = lane.parked.get(tag);
      if (queue === undefined) continue;
      queue.shift();
      while (queue.length > 0 && !this.owner.halted) {
        const next = queue[0]!;
        if (this.blockedKeys(next)) {
          this.lockFor(next);
          break;
        }
        this.finishParked(next);
        queue.shift();
      }
      if (queue.length === 0) lane.parked.delete(tag);
    }
    this.owner.touch();
  }

  /** R2: the ring is checked when the command executes, not only when it arrived. */
  private finishParked({ lane, counter, tag, row, request, db, proto, ring, wrap }: Parked): void {
    lane.parkedCount--;
    if (ring !== this.owner.ring.fence) return this.stale(lane, counter);
    this.run(lane, counter, tag, row, request, db, proto, wrap);
  }
}
