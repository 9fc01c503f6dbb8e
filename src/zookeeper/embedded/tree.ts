// The data tree: nodes, their numbers and the rules of every operation, as ZooKeeper 3.8 has them. Pure and in memory.
// A refused operation changes nothing; a write leaves its undo steps and watch events in the Change it was given,
// so that a multi can take everything back and no event escapes before the commit.
import { Buffer } from 'node:buffer';

import { splitPath, validPath } from '../path.js';
import { Code, EventType, OpError, Perm } from './codes.js';
import type { Acl, WireStat, WriteRequest } from './wire.js';

interface Node {
  data: Buffer | null;
  acl: Acl[];
  czxid: bigint;
  mzxid: bigint;
  pzxid: bigint;
  ctime: number;
  mtime: number;
  version: number;
  /** Children created so far: the source of sequence numbers. What clients see as cversion counts deletes too. */
  creates: number;
  aversion: number;
  owner: bigint;
  children: Set<string>;
}

/** A watch event to be. */
export interface TreeEvent {
  type: number;
  path: string;
}

/** One write transaction: who, when, and what it did so far. */
export class Change {
  readonly events: TreeEvent[] = [];
  readonly #undo: (() => void)[] = [];
  constructor(
    readonly zxid: bigint,
    readonly wallMs: number,
    readonly session: bigint,
  ) {}
  /** Remembers how to take the last step back. */
  undo(step: () => void): void {
    this.#undo.push(step);
  }
  /** Takes every step back, last first, and forgets the events. */
  rollback(): void {
    for (const step of this.#undo.reverse()) step();
    this.#undo.length = 0;
    this.events.length = 0;
  }
}

/** What a write gives back. */
export interface WriteResult {
  path?: string | undefined;
  stat?: WireStat | undefined;
}

const OPEN: Acl[] = [{ perms: 31, scheme: 'world', id: 'anyone' }];
/** Paths the server keeps for itself; they cannot be deleted. */
const RESERVED = ['/zookeeper', '/zookeeper/config', '/zookeeper/quota'];
/** What a node costs beside its path and data, roughly. */
const NODE_COST = 300;

/** The tree. */
export class Tree {
  readonly #nodes = new Map<string, Node>();
  readonly #ephemerals = new Map<bigint, Set<string>>();
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes creates and growing data beyond this are refused with SYSTEM_ERROR */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    const birth = new Change(0n, 0, 0n);
    for (const path of ['/', ...RESERVED])
      this.#nodes.set(path, this.#blank(birth, Buffer.alloc(0), OPEN, 0n));
    for (const path of RESERVED) {
      const { parent, name } = splitPath(path);
      this.#node(parent).children.add(name);
    }
  }

  /** Nodes in the tree. */
  get size(): number {
    return this.#nodes.size;
  }

  /** Applies one write. @throws OpError, having changed nothing */
  write(request: WriteRequest, change: Change): WriteResult {
    switch (request.type) {
      case 'create':
        return this.#create(request, change);
      case 'delete':
        this.#delete(request.path, request.version, change);
        return {};
      case 'setData':
        return this.#setData(request.path, request.data, request.version, change);
      case 'setACL':
        return this.#setAcl(request.path, request.acl, request.version, change);
      case 'check': {
        if (!validPath(request.path)) throw new OpError(Code.BAD_ARGUMENTS);
        const node = this.#node(request.path);
        allow(node, Perm.read);
        nextVersion(node.version, request.version);
        return {};
      }
    }
  }

  /** Deletes every ephemeral node of a session, whatever else holds. */
  endSession(session: bigint, change: Change): void {
    for (const path of [...(this.#ephemerals.get(session) ?? [])]) this.#remove(path, change);
  }

  /** A node's numbers. @throws OpError NO_NODE, BAD_ARGUMENTS */
  exists(path: string): WireStat {
    if (path.includes('\0')) throw new OpError(Code.BAD_ARGUMENTS);
    return this.#stat(this.#node(path));
  }
  /** @throws OpError */
  getData(path: string): { data: Buffer | null; stat: WireStat } {
    const node = this.#node(path);
    allow(node, Perm.read);
    return { data: node.data, stat: this.#stat(node) };
  }
  /** @throws OpError */
  getChildren(path: string): { children: string[]; stat: WireStat } {
    const node = this.#node(path);
    allow(node, Perm.read);
    return { children: [...node.children], stat: this.#stat(node) };
  }
  /** @throws OpError */
  getAcl(path: string): { acl: Acl[]; stat: WireStat } {
    const node = this.#node(path);
    allow(node, Perm.read | Perm.admin);
    return { acl: node.acl, stat: this.#stat(node) };
  }
  /** What changed at `path` after `zxid`, for watches set anew: the node's two modification zxids, or null if absent. */
  changed(path: string): { mzxid: bigint; pzxid: bigint } | null {
    return this.#nodes.get(path) ?? null;
  }

  #create(request: WriteRequest & { type: 'create' }, change: Change): WriteResult {
    const { flags, data, acl } = request;
    let { path } = request;
    if (flags < 0 || flags > 6) throw new OpError(Code.BAD_ARGUMENTS);
    if (flags > 3) throw new OpError(Code.UNIMPLEMENTED); // containers and nodes with a time to live
    const ephemeral = (flags & 1) !== 0;
    const sequential = (flags & 2) !== 0;
    if (!path.includes('/') || path.includes('\0')) throw new OpError(Code.BAD_ARGUMENTS);
    checkAcl(acl);
    const { parent: parentPath } = splitPath(path);
    const parent = this.#node(parentPath);
    allow(parent, Perm.create);
    if (sequential) path += String(parent.creates).padStart(10, '0');
    if (!validPath(path)) throw new OpError(Code.BAD_ARGUMENTS);
    if (this.#nodes.has(path)) throw new OpError(Code.NODE_EXISTS);
    if (parent.owner !== 0n) throw new OpError(Code.NO_CHILDREN_FOR_EPHEMERALS);
    const cost = NODE_COST + path.length * 2 + (data?.length ?? 0);
    this.#grow(cost);

    const { name } = splitPath(path);
    const node = this.#blank(change, data, acl, ephemeral ? change.session : 0n);
    const { creates, pzxid } = parent;
    this.#attach(path, node);
    parent.creates += 1;
    parent.pzxid = change.zxid;
    change.undo(() => {
      this.#detach(path, node);
      parent.creates = creates;
      parent.pzxid = pzxid;
      this.#bytes -= cost;
    });
    parent.children.add(name);
    change.events.push(
      { type: EventType.created, path },
      { type: EventType.childrenChanged, path: parentPath },
    );
    return { path, stat: this.#stat(node) };
  }

  #delete(path: string, version: number, change: Change): void {
    if (!path.includes('/') || path.includes('\0') || path === '/' || RESERVED.includes(path)) {
      throw new OpError(Code.BAD_ARGUMENTS);
    }
    allow(this.#node(splitPath(path).parent), Perm.delete);
    const node = this.#node(path);
    nextVersion(node.version, version);
    if (node.children.size > 0) throw new OpError(Code.NOT_EMPTY);
    this.#remove(path, change);
  }

  #remove(path: string, change: Change): void {
    const { parent: parentPath, name } = splitPath(path);
    const parent = this.#node(parentPath);
    const node = this.#node(path);
    const cost = NODE_COST + path.length * 2 + (node.data?.length ?? 0);
    const { pzxid } = parent;
    this.#detach(path, node);
    parent.pzxid = change.zxid;
    this.#bytes -= cost;
    change.undo(() => {
      this.#attach(path, node);
      parent.children.add(name);
      parent.pzxid = pzxid;
      this.#bytes += cost;
    });
    change.events.push(
      { type: EventType.deleted, path },
      { type: EventType.childrenChanged, path: parentPath },
    );
  }

  #setData(path: string, data: Buffer | null, expected: number, change: Change): WriteResult {
    if (!validPath(path)) throw new OpError(Code.BAD_ARGUMENTS);
    const node = this.#node(path);
    allow(node, Perm.write);
    const version = nextVersion(node.version, expected);
    const cost = (data?.length ?? 0) - (node.data?.length ?? 0);
    this.#grow(cost);
    const { data: oldData, version: oldVersion, mzxid, mtime } = node;
    Object.assign(node, { data, version, mzxid: change.zxid, mtime: change.wallMs });
    change.undo(() => {
      Object.assign(node, { data: oldData, version: oldVersion, mzxid, mtime });
      this.#bytes -= cost;
    });
    change.events.push({ type: EventType.dataChanged, path });
    return { stat: this.#stat(node) };
  }

  #setAcl(path: string, acl: Acl[], expected: number, change: Change): WriteResult {
    if (!validPath(path)) throw new OpError(Code.BAD_ARGUMENTS);
    checkAcl(acl);
    const node = this.#node(path);
    allow(node, Perm.admin);
    const { acl: oldAcl, aversion } = node;
    node.aversion = nextVersion(aversion, expected);
    node.acl = acl;
    change.undo(() => Object.assign(node, { acl: oldAcl, aversion }));
    return { stat: this.#stat(node) };
  }

  #node(path: string): Node {
    const node = this.#nodes.get(path === '' ? '/' : path); // the root has two names
    if (node === undefined) throw new OpError(Code.NO_NODE);
    return node;
  }
  #blank(change: Change, data: Buffer | null, acl: Acl[], owner: bigint): Node {
    const { zxid, wallMs } = change;
    return {
      data,
      acl,
      czxid: zxid,
      mzxid: zxid,
      pzxid: zxid,
      ctime: wallMs,
      mtime: wallMs,
      version: 0,
      creates: 0,
      aversion: 0,
      owner,
      children: new Set(),
    };
  }
  #attach(path: string, node: Node): void {
    this.#nodes.set(path, node);
    if (node.owner === 0n) return;
    const owned = this.#ephemerals.get(node.owner);
    if (owned === undefined) this.#ephemerals.set(node.owner, new Set([path]));
    else owned.add(path);
  }
  #detach(path: string, node: Node): void {
    const { parent, name } = splitPath(path);
    this.#nodes.delete(path);
    this.#node(parent).children.delete(name);
    const owned = this.#ephemerals.get(node.owner);
    owned?.delete(path);
    if (owned?.size === 0) this.#ephemerals.delete(node.owner);
  }
  #grow(bytes: number): void {
    if (bytes > 0 && this.#bytes + bytes > this.#maxBytes) throw new OpError(Code.SYSTEM_ERROR);
    this.#bytes += bytes;
  }
  #stat(node: Node): WireStat {
    const numChildren = node.children.size;
    return {
      czxid: node.czxid,
      mzxid: node.mzxid,
      ctime: node.ctime,
      mtime: node.mtime,
      version: node.version,
      // Every create has had its delete, except for the children still there.
      cversion: node.creates * 2 - numChildren,
      aversion: node.aversion,
      ephemeralOwner: node.owner,
      dataLength: node.data?.length ?? 0,
      numChildren,
      pzxid: node.pzxid,
    };
  }
}

function nextVersion(current: number, expected: number): number {
  if (expected !== -1 && expected !== current) throw new OpError(Code.BAD_VERSION);
  return current + 1;
}

function allow(node: Node, perm: number): void {
  if (!node.acl.some((entry) => (entry.perms & perm) !== 0)) throw new OpError(Code.NO_AUTH);
}

/** Only world:anyone exists here: the embedded server serves one machine. */
function checkAcl(acl: readonly Acl[]): void {
  if (acl.length === 0) throw new OpError(Code.INVALID_ACL);
  if (acl.some(({ scheme, id }) => scheme !== 'world' || id !== 'anyone'))
    throw new OpError(Code.INVALID_ACL);
}
