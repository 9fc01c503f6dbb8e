// One client's connection: bytes in, commands in order out to where they are executed, replies back in order.
// A command that is no plain one (transaction, fan-out, waiting local command) is a barrier: it begins when all
// before it are answered, and nothing behind it begins before its answer. Must never reorder one client's commands.
import { arityOk, type CommandRow, findRequest, keysOf, refusal, waits } from '../command/index.js';
import type { Conn, ConnHandler } from '../net/host.js';
import { type Proto, ProtocolError, type Request, RequestParser } from '../resp/index.js';
import type { DataLane, Sink } from './data-lane.js';
import { errorReply, groupLost, NO_GROUPS, NO_ROOM } from './errors.js';
import { limitParser } from './input-limit.js';
import { INTERNAL } from './internal.js';
import { type ClientState, localHandlers, mustAuthenticate, NOAUTH } from './local/index.js';
import { publishes, subscribedRefusal } from './local/pubsub.js';
import { runLocal } from './local-run.js';
import { Timed } from './observe/timed.js';
import { ReplyOrder } from './order.js';
import { OutputLimit } from './output-limit.js';
import { Publishing, type PublishingOwner } from './pubsub/publishing.js';
import { UNSETTLED } from './route.js';
import { Running } from './running.js';
import type { SessionOwner } from './session-owner.js';
import { Solo } from './solo.js';
import { Transactions } from './transactions.js';
import { Waiting } from './waiting.js';
import { Walking } from './walk.js';

/** Unanswered commands of one client, and bytes of unread replies, at which no more of its commands are read. */
const MAX_WAITING = 4096;
const MAX_UNREAD = 1024 * 1024;

/** A client's session. */
export class Session implements ConnHandler, Sink, PublishingOwner {
  readonly parser = new RequestParser();
  readonly order = new ReplyOrder();
  private readonly waiting = new Waiting();
  private inBarrier = false;
  /** Keys that reads of this client are looking for along their chains. */
  private readonly walking = new Walking();
  private readonly transactions: Transactions;
  private readonly publishing: Publishing;
  private readonly solo = new Solo();
  private readonly running: Running;
  private readonly timed = new Timed();
  private paused = false;
  private gone = false;
  /** Nothing more is read: QUIT, or a protocol error. */
  private ending = false;
  /** The client sends no more. */
  private last = false;
  private dirty = false;
  private readonly output = new OutputLimit();

  constructor(
    private readonly router: SessionOwner,
    readonly conn: Conn,
    readonly client: ClientState,
  ) {
    this.running = new Running(router.statistics, this.order);
    client.kill = () => conn.destroy();
    client.push = (message) => {
      this.order.inject(message);
      this.moved();
    };
    client.pendingInput = () => this.parser.pending;
    client.pendingOutput = () => conn.queued + this.order.length;
    this.transactions = new Transactions({
      client,
      owner: router,
      say: (seq, reply) => this.say(seq, reply),
      refuse: (seq, text) => this.refuse(seq, text),
      alone: (seq, begin) => this.alone(seq, begin),
      local: (row, request, done) => this.localIn(row, request, done),
    });
    this.publishing = new Publishing(router.pubsub, this);
    limitParser(this.parser, client, router);
  }

  // ---- from the socket

  data(chunk: Buffer): void {
    const { router, client } = this;
    client.bytesIn += chunk.length;
    router.statistics.read(chunk.length);
    client.lastInteraction = router.turnTime();
    if (this.ending || this.gone) return;
    try {
      this.parser.feed(chunk);
    } catch (error) {
      return this.protocolError(error);
    }
    this.process();
  }
  drained(): void {
    this.process();
  }
  finished(): void {
    this.last = true;
    this.process();
  }
  closed(): void {
    this.gone = true;
    this.router.forget(this);
  }

  /** Reads on: after a barrier, when there is room again, or when the ring has changed. */
  process(): void {
    const { router, waiting } = this;
    if (!router.holding()) waiting.room();
    try {
      while (!this.gone && !this.inBarrier && !router.holding()) {
        const again = waiting.next(router.route.fence);
        if (again === null) break;
        const { seq, request, db, proto } = again;
        this.execute(findRequest(request)!, request, seq, db, proto, true);
      }
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
    if (!this.last) return;
    // It goes with its last reply, or at once where that may never come.
    if (this.client.blocked) this.conn.destroy();
    else if (!this.dirty && !this.stuck() && this.order.waiting === 0) this.conn.end();
  }

  private stuck(): boolean {
    return (
      this.waiting.any ||
      this.inBarrier ||
      this.ending ||
      this.gone ||
      this.order.waiting >= MAX_WAITING ||
      this.conn.queued > MAX_UNREAD ||
      this.router.holding()
    );
  }

  // ---- from those who execute

  reply(seq: number, buffer: Buffer, start: number, end: number): void {
    if (this.gone) return;
    if (seq >= this.order.head) this.router.observer.end(this.timed, seq, this.client);
    if (buffer[start] === 45) this.running.failed(seq, buffer, start, end);
    this.order.put(seq, buffer, start, end);
    this.moved();
  }

  stale(seq: number, request: Request, db: number, proto: Proto): void {
    this.waiting.stale({ seq, request, db, proto }, this.router.route.fence);
  }

  /** A reply made here. */
  answer(seq: number, bytes: Buffer): void {
    this.reply(seq, bytes, 0, bytes.length);
  }
  private moved(): void {
    if (!this.dirty) {
      this.dirty = true;
      this.router.flushLater(this);
    }
    this.waiting.answered(this.order.head);
    if (this.client.tracking !== null) this.router.tracking.answered(this.client, this.order.head);
  }

  /** End of the turn: one write. */
  flush(): void {
    this.dirty = false;
    if (this.gone) return;
    const bytes = this.order.drain();
    if (bytes !== null) {
      this.conn.write(bytes);
      this.client.bytesOut += bytes.length;
      this.router.statistics.wrote(bytes.length);
      this.checkOutput();
    }
    if (this.ending && this.order.waiting === 0 && !this.waiting.any) this.conn.end();
    else if (this.paused || this.last) this.process();
  }

  /** client-output-buffer-limit: a client that does not read is closed. */
  checkOutput(): void {
    this.output.check(this.router, this.conn, this.client);
  }

  // ---- commands

  private dispatch(request: Request): void {
    if (request.argc === 0) return;
    const { router, client } = this;
    const seq = this.order.take();
    client.beginCommand();
    const row = findRequest(request);
    this.running.begin(seq, -1);
    if (router.authentication && mustAuthenticate(client, router, row)) return this.refuse(seq, NOAUTH);
    if (row === undefined || !arityOk(row, request.argc)) {
      if (INTERNAL.some((name) => request.is(0, name))) return this.local(seq, request, null);
      if (row !== undefined) router.statistics.reject(row.id);
      return this.refuse(seq, this.transactions.refused(row, refusal(request)));
    }
    const refused = client.type === 'pubsub' ? subscribedRefusal(client, row.name) : null;
    if (refused !== null) return this.refuse(seq, refused);
    this.running.begin(seq, router.count(row));
    client.lastCommand = row.name;
    const { observer } = router;
    if (observer.timing) observer.begin(this.timed, seq, this.order.head, row, request);
    if (client.tracking !== null) router.tracking.before(client, seq, row, request);
    const { multi } = client;
    this.admit(seq, row, request);
    // What was queued is shown when it is executed.
    if (observer.monitoring && (multi < 0 || client.multi <= multi)) observer.show(client, row, request);
  }

  /** Begins a command, unless CLIENT PAUSE holds it back: then nothing behind it begins, and it comes here again. */
  private admit(seq: number, row: CommandRow, request: Request): void {
    const { router, client, order } = this;
    const { pause } = router.clients;
    if (pause.holds(row, client)) {
      const kept = request.clone();
      return this.afterEarlier(seq, () => {
        this.inBarrier = true;
        pause.hold(client, () => {
          this.inBarrier = false;
          this.admit(seq, row, kept);
          this.resumeLater();
        });
      });
    }
    if (client.multi >= 0 && this.transactions.queue(seq, row, request)) return;
    if (row.where === 'router') {
      if (row.group === 'transactions') return this.transactions.command(seq, row, request);
      const kind = publishes[row.name];
      if (kind === undefined) return this.local(seq, request, row);
      if (client.muted) order.mute(seq);
      return this.publishing.publish(seq, kind, request);
    }
    if (waits(row, request)) return this.alone(seq, router.blocking.begin(this, row, request.clone()));
    if (client.muted) order.mute(seq);
    this.execute(row, request, seq, client.db, client.proto, false);
  }
  private say(seq: number, reply: Buffer): void {
    if (this.client.muted) this.order.mute(seq);
    this.answer(seq, reply);
  }
  private refuse(seq: number, text: string): void {
    this.say(seq, errorReply(text));
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
      if (this.walking.any && this.order.head !== seq && this.walking.meets(row, request, db)) {
        const kept = request.clone();
        return this.afterEarlier(seq, () => {
          this.execute(row, kept, seq, db, proto, true);
          this.resumeLater();
        });
      }
      if (group >= 0) {
        const lane = router.lanes[group]!;
        if (!lane.connected && router.lost(lane.group)) return this.answer(seq, groupLost(lane.group));
        if (lane.full) this.waiting.noRoom({ seq, request: request.clone(), db, proto }, router.turnTime());
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
    this.afterEarlier(seq, begin);
  }

  /** A read of a key that may still be in an older group of its chain. The request must outlive it. */
  private walk(row: CommandRow, request: Request, seq: number, db: number, proto: Proto): void {
    const { router } = this;
    this.walking.start(router.route, row, request, db, {
      ask: (sink, lane, asked) => this.send(sink, lane, row, asked, seq, db, proto, true),
      lane: (group) => router.lanes[group]!,
      lost: (lane) => !lane.connected && router.lost(lane.group),
      ended: (buffer, start, to) => this.reply(seq, buffer, start, to),
      stale: () => this.stale(seq, request, db, proto),
    });
  }

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
    const { client, order, solo } = this;
    const counter = solo.send(alone, client.id, order.head, lane, sink, seq, request, db, proto, row.write);
    if (client.tracking !== null && row.write) this.router.tracking.wrote(client, lane, counter);
  }

  /** Called now and then: a command that found no room in time was not executed, and its client hears so. */
  checkDeadline(now: number): void {
    const seq = this.waiting.expired(now - this.router.deadlineMs);
    if (seq < 0) return;
    this.answer(seq, NO_ROOM);
    this.process();
  }

  /** Runs `begin` when every command before `seq` is answered. */
  afterEarlier(seq: number, begin: () => void): void {
    if (this.order.head === seq) begin();
    else this.waiting.barrier(seq, begin);
  }

  private local(seq: number, request: Request, row: CommandRow | null): void {
    const { router, client } = this;
    const writer = router.scratch;
    writer.clear();
    writer.proto = client.proto;
    const handler = row === null ? router.internalHandler : localHandlers[row.name];
    if (handler === undefined) return this.refuse(seq, `ERR '${row?.name}' is not available here`);
    if (row !== null && router.waits(row)) {
      const kept = request.clone();
      return this.alone(seq, (done) => this.localIn(row, kept, done));
    }
    void handler(request, client, router, writer);
    this.handled();
    this.say(seq, writer.take());
  }

  /** Runs `begin` when every earlier command is answered, and nothing later before its answer. */
  private alone(seq: number, begin: (done: (reply: Buffer) => void) => void): void {
    this.afterEarlier(seq, () => {
      this.inBarrier = true;
      begin((reply) => {
        this.inBarrier = false;
        this.say(seq, reply);
        this.resumeLater();
      });
    });
  }

  private localIn(row: CommandRow, request: Request, done: (reply: Buffer) => void): void {
    runLocal(this.router, this.client, row, request, (reply) => {
      this.handled();
      done(reply);
    });
  }

  private handled(): void {
    if (this.client.closeAfterReply) this.ending = true;
    limitParser(this.parser, this.client, this.router);
  }

  resumeLater(): void {
    if (!this.gone) this.router.later(() => this.process());
  }

  private protocolError(error: unknown): void {
    if (!(error instanceof ProtocolError)) throw error;
    if (this.ending || this.gone) return;
    this.ending = true;
    this.answer(this.order.take(), errorReply(`ERR ${error.message}`));
  }
}
