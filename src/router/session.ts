// One client's connection: bytes in, commands in order out to where they are executed, replies back in order.
// A command that is no plain one (transaction, fan-out, waiting local command) is a barrier: it begins when all
// before it are answered, and nothing behind it begins before its answer. Must never reorder one client's commands.
import {
  arityOk,
  type CommandRow,
  databasesOf,
  find,
  findRequest,
  keysOf,
  refusal,
} from '../command/index.js';
import type { Conn, ConnHandler } from '../net/host.js';
import { type Proto, ProtocolError, type ReplyWriter, type Request, RequestParser } from '../resp/index.js';
import type { DataLane, Sink } from './data-lane.js';
import { groupLost } from './everywhere.js';
import {
  authRequired,
  type ClientState,
  type LocalHandler,
  localHandlers,
  NOAUTH,
  type RouterServer,
} from './local/index.js';
import { ReplyOrder } from './order.js';
import type { Asker } from './plan.js';
import { type Route, UNSETTLED } from './route.js';
import { Walk } from './walk.js';

/** Unanswered commands of one client, and bytes of unread replies, at which no more of its commands are read. */
const MAX_WAITING = 4096;
const MAX_UNREAD = 1024 * 1024;
/** What a client may send before it has given the password, as Redis limits it. */
const UNAUTHENTICATED = { args: 10, bulk: 16 * 1024 };
const FREE_OF_AUTH = ['auth', 'hello', 'quit', 'reset'];

/** What a session needs of the router. */
export interface SessionOwner extends RouterServer {
  readonly route: Route;
  /** By index of the group in the route. */
  readonly lanes: readonly DataLane[];
  readonly scratch: ReplyWriter;
  readonly authentication: boolean;
  readonly deadlineMs: number;
  readonly statusHandler: LocalHandler;
  turnTime(): number;
  count(row: CommandRow): void;
  holding(): boolean;
  lost(group: string): boolean;
  waits(row: CommandRow): boolean;
  freshWriter(proto: Proto): ReplyWriter;
  replan(again: () => void): void;
  flushLater(session: Session): void;
  later(work: () => void): void;
  forget(session: Session): void;
  transaction(row: CommandRow, request: Request, asker: Asker, answer: (reply: Buffer | null) => void): void;
  everywhere(row: CommandRow, request: Request, asker: Asker, answer: (reply: Buffer) => void): void;
}

/** A client's session. */
export class Session implements ConnHandler, Sink {
  readonly parser = new RequestParser();
  private readonly order = new ReplyOrder();
  /** What begins when all earlier commands are answered; nothing more is parsed until it has ended. */
  private barriers: { seq: number; begin: () => void }[] = [];
  private inBarrier = false;
  /** The first of `redo` found its lane full. */
  private held: { since: number; seq: number } | null = null;
  private heldBefore: { since: number; seq: number } | null = null;
  /** Commands that came back STALE or found no room, in their order: they go before what was not sent yet. */
  private redo: { seq: number; request: Request; db: number; proto: Proto; version: number }[] = [];
  /** Keys that reads of this client are looking for along their chains. */
  private readonly walking = new Map<string, number>();
  /** The last command that was sent untagged. */
  private soloLane: DataLane | null = null;
  private soloSeq = -1;
  private soloCounter = 0;
  private paused = false;
  private gone = false;
  /** Nothing more is read: QUIT, or a protocol error. */
  private ending = false;
  private dirty = false;
  private overSoftSince = -1;

  constructor(
    private readonly router: SessionOwner,
    readonly conn: Conn,
    readonly client: ClientState,
  ) {
    client.kill = () => conn.destroy();
    client.push = (message) => conn.write(message);
    client.pendingInput = () => this.parser.pending;
    client.pendingOutput = () => conn.queued + this.order.length;
    this.limitParser();
  }

  // ---- from the socket

  data(chunk: Buffer): void {
    const { router, client } = this;
    client.bytesIn += chunk.length;
    router.statistics.bytesIn += chunk.length;
    router.statistics.reads++;
    client.lastInteraction = router.turnTime();
    if (this.ending || this.gone) return;
    try {
      this.parser.feed(chunk);
    } catch (error) {
      this.protocolError(error);
      return;
    }
    this.process();
  }

  drained(): void {
    this.process();
  }

  closed(): void {
    this.gone = true;
    this.router.forget(this);
  }

  /** Reads on: after a barrier, when there is room again, or when the ring has changed. */
  process(): void {
    if (this.held !== null && !this.router.holding()) {
      this.heldBefore = this.held;
      this.held = null;
    }
    try {
      while (this.mayReplan()) this.replan(this.redo.shift()!);
      while (!this.stuck() && this.parser.next()) this.dispatch(this.parser.request);
    } catch (error) {
      this.protocolError(error);
    }
    // A client that waits in a local command is read on, within a bound: else nobody would notice its end.
    const parked = this.client.blocked && this.parser.pending < MAX_UNREAD;
    const stuck = this.stuck() && !parked;
    if (stuck !== this.paused && !this.gone) {
      this.paused = stuck;
      if (stuck) this.conn.pause();
      else this.conn.resume();
    }
  }

  /** Whether the next command must wait. */
  private stuck(): boolean {
    return (
      this.barriers.length > 0 ||
      this.inBarrier ||
      this.held !== null ||
      this.ending ||
      this.gone ||
      this.order.waiting >= MAX_WAITING ||
      this.conn.queued > MAX_UNREAD ||
      this.router.holding() ||
      // What came back STALE waits for the newer ring, and everything behind it.
      this.redo.length > 0
    );
  }

  /** Whether the first of those that came back STALE may be planned: a barrier behind it waits for it, not it for that. */
  private mayReplan(): boolean {
    const { redo, router, barriers } = this;
    if (redo.length === 0 || this.gone || this.inBarrier || this.held !== null || router.holding()) return false;
    const { seq, version } = redo[0]!;
    return version < router.route.version && (barriers.length === 0 || barriers[0]!.seq > seq);
  }

  // ---- from those who execute

  reply(seq: number, buffer: Buffer, start: number, end: number): void {
    if (this.gone) return;
    if (buffer[start] === 45) this.countError(buffer, start, end);
    this.order.put(seq, buffer, start, end);
    this.moved();
  }

  stale(seq: number, request: Request, db: number, proto: Proto): void {
    const { version } = this.router.route;
    let at = this.redo.length;
    while (at > 0 && this.redo[at - 1]!.seq > seq) at--;
    this.redo.splice(at, 0, { seq, request, db, proto, version });
  }

  private replan({
    seq,
    request,
    db,
    proto,
  }: {
    seq: number;
    request: Request;
    db: number;
    proto: Proto;
  }): void {
    this.execute(this.rowOf(request)!, request, seq, db, proto, true);
  }

  /** A reply made here. */
  private answer(seq: number, bytes: Buffer): void {
    this.reply(seq, bytes, 0, bytes.length);
  }

  private moved(): void {
    if (!this.dirty) {
      this.dirty = true;
      this.router.flushLater(this);
    }
    if (this.barriers.length > 0 && this.barriers[0]!.seq === this.order.head) this.barriers.shift()!.begin();
  }

  /** End of the turn: one write. */
  flush(): void {
    this.dirty = false;
    if (this.gone) return;
    const bytes = this.order.drain();
    if (bytes !== null) {
      this.conn.write(bytes);
      this.client.bytesOut += bytes.length;
      this.router.statistics.bytesOut += bytes.length;
      this.router.statistics.writes++;
      this.checkOutput();
    }
    if (this.ending && this.order.waiting === 0 && this.barriers.length === 0) this.conn.end();
    else if (this.paused) this.process();
  }

  /** client-output-buffer-limit: a client that does not read is closed. */
  checkOutput(): void {
    const { hard, soft, seconds } = this.router.settings.values.outputLimit.normal;
    const { queued } = this.conn;
    const now = this.router.turnTime();
    if (soft === 0 || queued <= soft) this.overSoftSince = -1;
    else if (this.overSoftSince < 0) this.overSoftSince = now;
    const soaked = this.overSoftSince >= 0 && now - this.overSoftSince > seconds * 1000;
    if ((hard > 0 && queued > hard) || soaked) {
      this.router.statistics.outputLimitDisconnections++;
      this.conn.destroy();
    }
  }

  // ---- commands

  private rowOf(request: Request): CommandRow | undefined {
    const { start } = request;
    const row = find(request.buffer, start + request.from[0]!, start + request.to[0]!);
    return row?.subcommands === undefined ? row : findRequest(request);
  }

  private dispatch(request: Request): void {
    if (request.argc === 0) return;
    const { router, client, order } = this;
    const seq = order.take();
    client.beginCommand();
    const row = this.rowOf(request);
    if (router.authentication && authRequired(client, router) && !FREE_OF_AUTH.includes(row?.name ?? '')) {
      return this.refuse(seq, NOAUTH);
    }
    if (row === undefined) {
      if (request.is(0, 'towline.status')) return this.local(seq, request, null);
      return this.refuse(seq, refusal(request));
    }
    if (!arityOk(row, request.argc)) return this.refuse(seq, refusal(request));
    router.count(row);
    client.lastCommand = row.name;
    if (row.where === 'router') return this.local(seq, request, row);
    if (client.muted) order.mute(seq);
    this.execute(row, request, seq, client.db, client.proto, false);
  }

  private refuse(seq: number, text: string): void {
    if (this.client.muted) this.order.mute(seq);
    this.answer(seq, Buffer.from(`-${text.replace(/[\r\n]/g, ' ')}\r\n`, 'latin1'));
  }

  /**
   * Sends a command to where its keys live. Outcomes: no group yet: CLUSTERDOWN; all keys in one group: there, as it
   * came; one key that is read and may be in an older group: a walk; keys in several groups, keys that may have to
   * move, or every group: a barrier, then a transaction or a fan-out.
   * @param again it was STALE and keeps its place among the replies
   */
  private execute(
    row: CommandRow,
    request: Request,
    seq: number,
    db: number,
    proto: Proto,
    again: boolean,
  ): void {
    const { router } = this;
    const { route } = router;
    if (route.empty) return this.answer(seq, NO_GROUPS);
    if (row.where === 'keys') {
      const group = route.single(row, request, db);
      // A key that this client is looking for must not be met, by a later command, where it is not yet looked for.
      if (this.walking.size > 0 && this.order.head !== seq && this.meets(row, request, db)) {
        const kept = request.clone();
        return this.afterEarlier(seq, () => {
          this.execute(row, kept, seq, db, proto, true);
          this.resumeLater();
        });
      }
      if (group >= 0) {
        const lane = router.lanes[group]!;
        if (!lane.connected && router.lost(lane.group)) return this.answer(seq, groupLost(lane.group));
        if (lane.full) this.waitForRoom(request.clone(), seq, db, proto);
        else this.send(this, lane, row, request, seq, db, proto, again);
        return;
      }
      if (group === UNSETTLED && !row.write && keysOf(row, request).length === 1)
        return this.walk(row, request.clone(), seq, db, proto);
    }
    const kept = request.clone();
    const begin = () => {
      this.inBarrier = true;
      const done = (reply: Buffer | null) => {
        this.inBarrier = false;
        // Nothing was executed: it turned out that one group has every key.
        if (reply === null) this.execute(row, kept, seq, db, proto, true);
        else this.answer(seq, reply);
        this.resumeLater();
      };
      if (row.where === 'keys') router.transaction(row, kept, { db, proto }, done);
      else router.everywhere(row, kept, { db, proto }, done);
    };
    // Every command before it is answered, or it must wait for those.
    this.afterEarlier(seq, begin);
  }

  /** Whether the command names a key that an earlier read of this client is looking for. */
  private meets(row: CommandRow, request: Request, db: number): boolean {
    return databasesOf(row, request, db).some((each) =>
      keysOf(row, request).some((at) => this.walking.has(`${each}:${request.text(at)}`)),
    );
  }

  /** A read of a key that may still be in an older group of its chain. The request must outlive it. */
  private walk(row: CommandRow, request: Request, seq: number, db: number, proto: Proto): void {
    const { router } = this;
    const name = `${db}:${request.text(keysOf(row, request)[0]!)}`;
    this.walking.set(name, (this.walking.get(name) ?? 0) + 1);
    const end = () => {
      const left = this.walking.get(name)! - 1;
      if (left === 0) this.walking.delete(name);
      else this.walking.set(name, left);
    };
    new Walk(
      {
        ask: (sink, lane, asked) => this.send(sink, lane, row, asked, seq, db, proto, true),
        lane: (group) => router.lanes[group]!,
        lost: (lane) => !lane.connected && router.lost(lane.group),
        groupLost,
        ended: (buffer, start, to) => {
          end();
          this.reply(seq, buffer, start, to);
        },
        stale: () => {
          end();
          this.stale(seq, request, db, proto);
        },
      },
      router.route,
      row,
      request,
      db,
    ).step();
  }

  /**
   * A client that has nothing else under way goes untagged: nothing of it could be overtaken. If more follows while
   * that command is under way, the lane is told that it was the same client's.
   */
  private send(
    sink: Sink,
    lane: DataLane,
    row: CommandRow,
    request: Request,
    seq: number,
    db: number,
    proto: Proto,
    again: boolean,
  ): void {
    const alone = !again && this.order.waiting === 1 && this.parser.pending === 0;
    if (alone) {
      this.soloLane = lane;
      this.soloSeq = seq;
      this.soloCounter = lane.send(sink, seq, request, db, proto, 0, 0, row.write);
      return;
    }
    const solo = this.soloLane === lane && this.soloSeq >= this.order.head ? this.soloCounter : 0;
    lane.send(sink, seq, request, db, proto, this.client.id, solo, row.write);
  }

  /** The lane takes nothing more now: the command, and all behind it, wait here, within the deadline. */
  private waitForRoom(request: Request, seq: number, db: number, proto: Proto): void {
    const since = this.heldBefore?.seq === seq ? this.heldBefore.since : this.router.turnTime();
    this.held = { since, seq };
    this.redo.unshift({ seq, request, db, proto, version: -1 });
  }

  /** Called now and then: a command that found no room in time was not executed, and its client hears so. */
  checkDeadline(now: number): void {
    if (this.held === null || now - this.held.since <= this.router.deadlineMs) return;
    const { seq } = this.held;
    this.held = null;
    this.redo = this.redo.filter((each) => each.seq !== seq);
    this.answer(seq, NO_ROOM);
    this.process();
  }

  /** Runs `begin` when every command before `seq` is answered. */
  private afterEarlier(seq: number, begin: () => void): void {
    if (this.order.head === seq) return begin();
    // One that came back STALE may have to wait in front of one that waited for it.
    const at = this.barriers.findIndex((each) => each.seq > seq);
    this.barriers.splice(at < 0 ? this.barriers.length : at, 0, { seq, begin });
  }

  private local(seq: number, request: Request, row: CommandRow | null): void {
    const { router, client } = this;
    const writer = router.scratch;
    writer.clear();
    writer.proto = client.proto;
    const handler = row === null ? router.statusHandler : localHandlers[row.name];
    if (handler === undefined) return this.refuse(seq, `ERR '${row?.name}' is not available here`);
    if (row !== null && router.waits(row)) return this.localLater(seq, request.clone(), row);
    void handler(request, client, router, writer);
    this.afterLocal(seq, writer.take());
  }

  /** Local commands that ask others: a barrier like any other. */
  private localLater(seq: number, request: Request, row: CommandRow): void {
    const { router, client } = this;
    const begin = () => {
      this.inBarrier = true;
      const writer = router.freshWriter(client.proto);
      void Promise.resolve(localHandlers[row.name]!(request, client, router, writer)).then(() => {
        this.inBarrier = false;
        this.afterLocal(seq, writer.take());
        this.resumeLater();
      });
    };
    this.afterEarlier(seq, begin);
  }

  private afterLocal(seq: number, bytes: Buffer): void {
    const { client } = this;
    if (client.muted) this.order.mute(seq);
    if (client.closeAfterReply) this.ending = true;
    this.limitParser();
    this.answer(seq, bytes);
  }

  private resumeLater(): void {
    if (!this.gone) this.router.later(() => this.process());
  }

  private limitParser(): void {
    const { router, client } = this;
    if (router.authentication && authRequired(client, router)) {
      this.parser.limit(UNAUTHENTICATED.args, UNAUTHENTICATED.bulk);
    } else this.parser.limit(undefined, router.settings.values.protoMaxBulkLen);
  }

  private protocolError(error: unknown): void {
    if (!(error instanceof ProtocolError)) throw error;
    if (this.ending || this.gone) return;
    this.ending = true;
    const seq = this.order.take();
    this.answer(seq, Buffer.from(`-ERR ${error.message}\r\n`, 'latin1'));
  }

  private countError(buffer: Buffer, start: number, end: number): void {
    this.router.statistics.error(buffer.latin1Slice(start + 1, Math.min(end, start + 34)));
  }
}

const NO_GROUPS = Buffer.from('-CLUSTERDOWN no group of data nodes has joined yet\r\n', 'latin1');
const NO_ROOM = Buffer.from('-TIMEOUT a group did not answer in time; nothing was executed\r\n', 'latin1');
