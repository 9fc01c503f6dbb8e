// ZooKeeper's messages to and from bytes, as the 3.8 server reads and writes them. Decides nothing.
import { Buffer } from 'node:buffer';
import { Op, Xid } from './codes.js';
import { type JuteReader, JuteWriter, WireError } from './jute.js';

/** One entry of an access list. */
export interface Acl {
  perms: number;
  scheme: string;
  id: string;
}

/** A node's numbers as clients see them. */
export interface WireStat {
  czxid: bigint;
  mzxid: bigint;
  ctime: number;
  mtime: number;
  version: number;
  cversion: number;
  aversion: number;
  ephemeralOwner: bigint;
  dataLength: number;
  numChildren: number;
  pzxid: bigint;
}

/** A client's first message. `hasReadOnly`: newer clients send, and expect back, one byte more. */
interface ConnectRequest {
  lastZxidSeen: bigint;
  timeoutMs: number;
  sessionId: bigint;
  password: Buffer;
  hasReadOnly: boolean;
}

/** The writes: what multi may contain (but setACL), and what takes a zxid. */
export type WriteRequest =
  | { type: 'create'; path: string; data: Buffer | null; acl: Acl[]; flags: number; withStat: boolean }
  | { type: 'delete'; path: string; version: number }
  | { type: 'setData'; path: string; data: Buffer | null; version: number }
  | { type: 'setACL'; path: string; acl: Acl[]; version: number }
  | { type: 'check'; path: string; version: number };

/** Everything a client may ask once connected. */
export type Request =
  | WriteRequest
  | { type: 'exists' | 'getData' | 'getChildren' | 'getChildren2'; path: string; watch: boolean }
  | { type: 'getACL' | 'sync'; path: string }
  | { type: 'multi'; ops: WriteRequest[] }
  | { type: 'setWatches'; zxid: bigint; data: string[]; exist: string[]; child: string[] }
  | { type: 'ping' | 'auth' | 'closeSession' }
  | { type: 'unimplemented'; op: number };

/** Most operations one multi may hold. */
const MAX_OPS = 10_000;

/** Reads the first message of a connection. @throws WireError */
export function readConnect(input: JuteReader): ConnectRequest {
  input.int(); // protocol version: there is only 0
  const lastZxidSeen = input.long();
  const timeoutMs = input.int();
  const sessionId = input.long();
  const password = input.buffer() ?? Buffer.alloc(0);
  return { lastZxidSeen, timeoutMs, sessionId, password, hasReadOnly: input.left > 0 };
}

/** Reads a request after its header (xid, type). @throws WireError */
export function readRequest(op: number, input: JuteReader): Request {
  switch (op) {
    case Op.create:
    case Op.create2:
    case Op.delete:
    case Op.setData:
    case Op.setACL:
    case Op.check:
      return readWrite(op, input);
    case Op.exists:
      return { type: 'exists', path: input.string(), watch: input.bool() };
    case Op.getData:
      return { type: 'getData', path: input.string(), watch: input.bool() };
    case Op.getChildren:
      return { type: 'getChildren', path: input.string(), watch: input.bool() };
    case Op.getChildren2:
      return { type: 'getChildren2', path: input.string(), watch: input.bool() };
    case Op.getACL:
      return { type: 'getACL', path: input.string() };
    case Op.sync:
      return { type: 'sync', path: input.string() };
    case Op.multi:
      return { type: 'multi', ops: readMulti(input) };
    case Op.setWatches: {
      const paths = () => input.vector(() => input.string());
      return { type: 'setWatches', zxid: input.long(), data: paths(), exist: paths(), child: paths() };
    }
    case Op.ping:
      return { type: 'ping' };
    case Op.auth:
      return { type: 'auth' };
    case Op.closeSession:
      return { type: 'closeSession' };
    default:
      return { type: 'unimplemented', op };
  }
}

function readWrite(op: number, input: JuteReader): WriteRequest {
  const path = input.string();
  switch (op) {
    case Op.create:
    case Op.create2: {
      const data = input.buffer();
      const acl = readAcl(input);
      return { type: 'create', path, data, acl, flags: input.int(), withStat: op === Op.create2 };
    }
    case Op.delete:
      return { type: 'delete', path, version: input.int() };
    case Op.setData:
      return { type: 'setData', path, data: input.buffer(), version: input.int() };
    case Op.setACL:
      return { type: 'setACL', path, acl: readAcl(input), version: input.int() };
    case Op.check:
      return { type: 'check', path, version: input.int() };
    default:
      throw new WireError(`operation ${op} in a multi`);
  }
}

function readAcl(input: JuteReader): Acl[] {
  return input.vector(() => ({ perms: input.int(), scheme: input.string(), id: input.string() }));
}

function readMulti(input: JuteReader): WriteRequest[] {
  const ops: WriteRequest[] = [];
  for (;;) {
    const op = input.int();
    const done = input.bool();
    input.int();
    if (done) return ops;
    if (op === Op.setACL || ops.length === MAX_OPS) throw new WireError(`operation ${op} in a multi`);
    ops.push(readWrite(op, input));
  }
}

/** The answer to a client's first message; a refused session is all zeros. */
export function connectReply(
  session: { id: bigint; password: Buffer; timeoutMs: number } | null,
  hasReadOnly: boolean,
): Buffer {
  const out = new JuteWriter()
    .int(0)
    .int(session?.timeoutMs ?? 0)
    .long(session?.id ?? 0n)
    .buffer(session?.password ?? Buffer.alloc(16));
  if (hasReadOnly) out.bool(false);
  return out.frame();
}

/** A reply's header; the caller appends the body. */
export function replyTo(xid: number, zxid: bigint, code: number): JuteWriter {
  return new JuteWriter().int(xid).long(zxid).int(code);
}

/** A watch event. State 3 is "connected", the only one a server sends. */
export function eventMessage(type: number, path: string): Buffer {
  return replyTo(Xid.notification, -1n, 0).int(type).int(3).string(path).frame();
}

/** Appends a node's numbers. */
export function writeStat(out: JuteWriter, stat: WireStat): JuteWriter {
  return out
    .long(stat.czxid)
    .long(stat.mzxid)
    .long(BigInt(stat.ctime))
    .long(BigInt(stat.mtime))
    .int(stat.version)
    .int(stat.cversion)
    .int(stat.aversion)
    .long(stat.ephemeralOwner)
    .int(stat.dataLength)
    .int(stat.numChildren)
    .long(stat.pzxid);
}

/** Appends an access list. */
export function writeAcl(out: JuteWriter, acl: readonly Acl[]): JuteWriter {
  return out.vector(acl, (entry) => out.int(entry.perms).string(entry.scheme).string(entry.id));
}
