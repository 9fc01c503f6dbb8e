// The embedded server without its sockets: frames of a connection in, bytes and hang-ups out.
// Decides order (events before the reply that caused them), zxids and sessions. Never waits and never reads a clock:
// the edge passes the time in.
import { Code, EventType, Op, OpError, Xid } from './codes.js';
import { JuteReader, type JuteWriter } from './jute.js';
import { type Session, type SessionLimits, Sessions } from './sessions.js';
import { Change, Tree, type TreeEvent, type WriteResult } from './tree.js';
import { Watches, type WatchKind } from './watches.js';
import * as wire from './wire.js';

/** A connection as the core sees it: an identity to which bytes go. */
export interface Peer {
  /** Queues a message. */
  send(message: Buffer): void;
  /** Closes after what was sent has left. */
  end(): void;
}

/** What a request did, for fault hooks: its kind and the first path it names. */
export interface Handled {
  type: wire.Request['type'];
  path: string;
}

/** Time of one step, in milliseconds. */
export interface Instant {
  /** Monotonic. */
  now: number;
  /** Wall clock. */
  wall: number;
}

/** Bounds of the embedded server. */
interface CoreLimits extends SessionLimits {
  maxTreeBytes: number;
  maxWatches: number;
}

/** One server's state and rules. */
export class Core {
  readonly #tree: Tree;
  readonly #watches: Watches<Peer>;
  readonly #sessions: Sessions;
  readonly #peers = new Map<Peer, Session>();
  readonly #bySession = new Map<bigint, Peer>();
  #zxid: bigint;

  /** @param password gives 16 unpredictable bytes */
  constructor(limits: CoreLimits, start: Instant, password: () => Buffer) {
    this.#tree = new Tree(limits.maxTreeBytes);
    this.#watches = new Watches(limits.maxWatches);
    this.#sessions = new Sessions(limits, start.wall, password);
    // From the clock, so that a client of an earlier run has not seen the future, and hears EXPIRED.
    this.#zxid = BigInt(Math.trunc(start.wall)) << 12n;
  }

  /** Ids of the live sessions. */
  sessionIds(): bigint[] {
    return this.#sessions.ids();
  }

  /** The lines of the four-letter word `srvr`. */
  describe(): string {
    return `Zookeeper version: 3.8.0-towline-embedded\nZxid: 0x${this.#zxid.toString(16)}\nMode: standalone\nNode count: ${this.#tree.size}\n`;
  }

  /** A connection's first frame. @throws WireError */
  connect(peer: Peer, frame: Buffer, at: Instant): void {
    const asked = wire.readConnect(new JuteReader(frame, 4));
    if (asked.lastZxidSeen > this.#zxid) {
      peer.end(); // it knows a later state than ours: go elsewhere
      return;
    }
    let session: Session | undefined;
    if (asked.sessionId === 0n) {
      session = this.#sessions.open(asked.timeoutMs, at.now);
      if (session === undefined) {
        peer.end();
        return;
      }
      this.#zxid += 1n;
    } else {
      const older = this.#bySession.get(asked.sessionId);
      if (older !== undefined) this.#hangUp(older);
      session = this.#sessions.resume(asked.sessionId, asked.password, asked.timeoutMs, at.now);
    }
    peer.send(wire.connectReply(session ?? null, asked.hasReadOnly));
    if (session === undefined) {
      peer.end();
      return;
    }
    this.#peers.set(peer, session);
    this.#bySession.set(session.id, peer);
  }

  /** A later frame. @throws WireError */
  request(peer: Peer, frame: Buffer, at: Instant): Handled | undefined {
    const session = this.#peers.get(peer);
    if (session === undefined) return undefined;
    const input = new JuteReader(frame, 4);
    const xid = input.int();
    const request = wire.readRequest(input.int(), input);
    this.#sessions.touch(session, at.now);
    if (request.type === 'closeSession') {
      this.#endSession(session, at);
      peer.send(wire.replyTo(xid, this.#zxid, Code.OK).frame());
      this.#hangUp(peer);
    } else {
      peer.send(this.#answer(peer, session, xid, request, at));
    }
    const path =
      'path' in request ? request.path : request.type === 'multi' ? (request.ops[0]?.path ?? '') : '';
    return { type: request.type, path };
  }

  /** The connection is gone; its session lives on until it expires. */
  disconnected(peer: Peer): void {
    this.#watches.forget(peer);
    const session = this.#peers.get(peer);
    this.#peers.delete(peer);
    if (session !== undefined && this.#bySession.get(session.id) === peer) this.#bySession.delete(session.id);
  }

  /** Called at least once a tick: expires what is due. */
  tick(at: Instant): void {
    for (const session of this.#sessions.overdue(at.now)) this.expire(session.id, at);
  }

  /** Ends a session as if its timeout had passed. */
  expire(id: bigint, at: Instant): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined) return false;
    this.#endSession(session, at);
    const peer = this.#bySession.get(id);
    if (peer !== undefined) this.#hangUp(peer);
    return true;
  }

  #endSession(session: Session, at: Instant): void {
    const change = new Change(++this.#zxid, at.wall, session.id);
    this.#tree.endSession(session.id, change);
    this.#sessions.end(session.id);
    this.#publish(change.events);
  }

  #hangUp(peer: Peer): void {
    this.disconnected(peer);
    peer.end();
  }

  #publish(events: readonly TreeEvent[]): void {
    for (const event of events) {
      const message = wire.eventMessage(event.type, event.path);
      for (const peer of this.#watches.trigger(event)) peer.send(message);
    }
  }

  #answer(peer: Peer, session: Session, xid: number, request: wire.Request, at: Instant): Buffer {
    try {
      switch (request.type) {
        case 'ping':
          return this.#ok(Xid.ping).frame();
        case 'auth':
          return this.#ok(Xid.auth).frame();
        case 'multi':
          return this.#multi(session, xid, request.ops, at);
        case 'create':
        case 'delete':
        case 'setData':
        case 'setACL':
          return this.#write(session, xid, request, at);
        case 'setWatches':
          this.#setWatches(peer, request);
          return this.#ok(xid).frame();
        case 'closeSession':
        case 'check': // real clients send it inside a multi only
        case 'unimplemented':
          throw new OpError(Code.UNIMPLEMENTED);
        default:
          return this.#read(peer, xid, request);
      }
    } catch (error) {
      if (!(error instanceof OpError)) throw error;
      return wire.replyTo(xid, this.#zxid, error.code).frame();
    }
  }

  #ok(xid: number): JuteWriter {
    return wire.replyTo(xid, this.#zxid, Code.OK);
  }

  #write(session: Session, xid: number, request: wire.WriteRequest, at: Instant): Buffer {
    const change = new Change(++this.#zxid, at.wall, session.id); // a refused write uses up its zxid too
    const result = this.#tree.write(request, change);
    this.#publish(change.events);
    const out = this.#ok(xid);
    writeResult(out, request, result);
    return out.frame();
  }

  #multi(session: Session, xid: number, ops: readonly wire.WriteRequest[], at: Instant): Buffer {
    const change = new Change(++this.#zxid, at.wall, session.id);
    const results: WriteResult[] = [];
    let failure: OpError | undefined;
    for (const op of ops) {
      try {
        results.push(this.#tree.write(op, change));
      } catch (error) {
        if (!(error instanceof OpError)) throw error;
        failure = error;
        break;
      }
    }
    const out = this.#ok(xid);
    if (failure === undefined) {
      this.#publish(change.events);
      ops.forEach((op, i) => {
        // Inside a multi the real server answers a create2 as a plain create.
        const { stat, ...plain } = results[i]!;
        out.int(Op[op.type]).bool(false).int(Code.OK);
        writeResult(out, op, op.type === 'create' ? plain : { stat });
      });
    } else {
      change.rollback();
      const failed = results.length;
      ops.forEach((_, i) => {
        const code = i < failed ? Code.OK : i === failed ? failure.code : Code.RUNTIME_INCONSISTENCY;
        out.int(Op.error).bool(false).int(code).int(code);
      });
    }
    return out.int(-1).bool(true).int(-1).frame();
  }

  #read(
    peer: Peer,
    xid: number,
    request: Extract<
      wire.Request,
      { type: 'exists' | 'getData' | 'getChildren' | 'getChildren2' | 'getACL' | 'sync' }
    >,
  ): Buffer {
    const { path } = request;
    switch (request.type) {
      case 'exists': {
        // Watched whether it exists or not; but not a path that can never be.
        if (request.watch && !path.includes('\0')) this.#watch('data', path, peer);
        return wire.writeStat(this.#ok(xid), this.#tree.exists(path)).frame();
      }
      case 'getData': {
        const { data, stat } = this.#tree.getData(path);
        if (request.watch) this.#watch('data', path, peer);
        return wire.writeStat(this.#ok(xid).buffer(data), stat).frame();
      }
      case 'getChildren':
      case 'getChildren2': {
        const { children, stat } = this.#tree.getChildren(path);
        if (request.watch) this.#watch('child', path, peer);
        const out = this.#ok(xid);
        out.vector(children, (child) => out.string(child));
        return (request.type === 'getChildren2' ? wire.writeStat(out, stat) : out).frame();
      }
      case 'getACL': {
        const { acl, stat } = this.#tree.getAcl(path);
        return wire.writeStat(wire.writeAcl(this.#ok(xid), acl), stat).frame();
      }
      case 'sync':
        return this.#ok(xid).string(path).frame();
    }
  }

  #watch(kind: WatchKind, path: string, peer: Peer): void {
    if (!this.#watches.add(kind, path, peer)) throw new OpError(Code.SYSTEM_ERROR);
  }

  /** Watches of an earlier connection: what happened since is told at once, the rest is watched again. */
  #setWatches(peer: Peer, request: Extract<wire.Request, { type: 'setWatches' }>): void {
    const tell = (type: number, path: string) => peer.send(wire.eventMessage(type, path));
    for (const path of request.data) {
      const node = this.#tree.changed(path);
      if (node === null) tell(EventType.deleted, path);
      else if (node.mzxid > request.zxid) tell(EventType.dataChanged, path);
      else this.#watch('data', path, peer);
    }
    for (const path of request.exist) {
      if (this.#tree.changed(path) !== null) tell(EventType.created, path);
      else this.#watch('data', path, peer);
    }
    for (const path of request.child) {
      const node = this.#tree.changed(path);
      if (node === null) tell(EventType.deleted, path);
      else if (node.pzxid > request.zxid) tell(EventType.childrenChanged, path);
      else this.#watch('child', path, peer);
    }
  }
}

/** Appends what an applied write answers. */
function writeResult(out: JuteWriter, op: wire.WriteRequest, result: WriteResult): void {
  if (result.path !== undefined && op.type === 'create') {
    out.string(result.path);
    if (op.withStat && result.stat !== undefined) wire.writeStat(out, result.stat);
  } else if (result.stat !== undefined) {
    wire.writeStat(out, result.stat);
  }
}
