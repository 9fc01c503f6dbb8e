// The hardened ZooKeeper client: what everybody imports. Promises only, typed errors, one-shot watches that survive
// reconnections. Decides nothing about recipes. Nothing the server or the package does escapes as an uncaught exception.
import { Buffer } from 'node:buffer';
import { type Clock, realClock } from './clock.js';
import { Connector } from './connector.js';
import { hasCode, serverError, ZooKeeperError } from './errors.js';
import { CreateMode, fixVersion, type Transaction, toStat } from './package.js';
import { splitPath, validPath } from './path.js';
import { type RequestSpec, Requests } from './requests.js';
import { parseServers } from './servers.js';
import type {
  CreateOptions,
  Log,
  MultiOp,
  MultiResult,
  Stat,
  WatchEvent,
  Watcher,
  ZooKeeperOptions,
  ZooKeeperState,
} from './types.js';
import { type WatchKind, WatchTable } from './watches.js';

/** Most bytes of data and paths in one request: below the server's jute.maxbuffer, which cuts the connection. */
const MAX_BYTES = 1_000_000;
/** Most requests waiting or unanswered, and most paths watched, unless told otherwise. */
const MAX_REQUESTS = 256;
const MAX_WATCHES = 8192;
const EVENTS: Record<number, WatchEvent['type']> = {
  1: 'created',
  2: 'deleted',
  3: 'changed',
  4: 'children',
};
const SILENT: Log = { info() {}, warn() {} };

type PackageStat = Parameters<typeof toStat>[0];
type PackageEvent = { type: number; path: string };

/** A ZooKeeper client; `connect()` starts it. */
export class ZooKeeper {
  /** Time and chance, for recipes. */
  readonly clock: Clock;
  readonly log: Log;
  readonly #chroot: string;
  readonly #requestTimeoutMs: number;
  readonly #maxWatches: number;
  readonly #requests: Requests;
  readonly #watches: WatchTable;
  readonly #connector: Connector;
  readonly #listeners = new Set<(state: ZooKeeperState) => void>();
  #started = false;
  #wasConnected = false;
  #closing: Promise<void> | null = null;
  /** One function for every watch, so that the package keeps one entry a path. */
  readonly #onEvent = (event: PackageEvent) => {
    const type = EVENTS[event.type];
    if (type !== undefined) this.#watches.fire({ type, path: this.#strip(event.path) });
  };

  /** @throws RangeError for servers that do not parse */
  constructor(options: ZooKeeperOptions) {
    const { servers, chroot } = parseServers(options.servers);
    this.clock = options.clock ?? realClock;
    this.log = options.log ?? SILENT;
    this.#chroot = chroot;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 10_000;
    this.#requests = new Requests(this.clock, options.maxRequests ?? MAX_REQUESTS);
    this.#maxWatches = options.maxWatches ?? MAX_WATCHES;
    this.#watches = new WatchTable((error) => this.#surprise(error));
    this.#connector = new Connector(servers, options.sessionTimeoutMs ?? 6000, this.clock, this.log, {
      state: (state, link) => {
        if (state === 'lost') this.#requests.sessionLost();
        this.#tell(state);
        if (link === null || this.#connector.state !== 'connected') return;
        if (this.#wasConnected) this.#watches.fireAll();
        this.#wasConnected = true;
        this.#requests.attach(link);
      },
      linkDown: (reason) => this.#requests.detach(reason),
    });
  }

  /** What holds now; read it before acting on anything that depends on ZooKeeper. */
  get state(): ZooKeeperState {
    return this.#connector.state;
  }
  /** The session's id, as in `Stat.ephemeralOwner`; 0n while there is none. */
  get sessionId(): bigint {
    return this.#connector.sessionId;
  }

  /**
   * Starts the client; resolves once connected. Without a deadline it waits for ever.
   * @throws ZooKeeperError CLOSED, or TIMEOUT after `timeoutMs` (the client goes on trying)
   */
  connect(timeoutMs?: number): Promise<void> {
    if (this.state === 'closed') return Promise.reject(new ZooKeeperError('CLOSED', 'the client is closed'));
    if (!this.#started) this.#connector.start();
    this.#started = true;
    if (this.state === 'connected') return Promise.resolve();
    return new Promise((resolve, reject) => {
      let cancel = () => {};
      const off = this.onState((state) => {
        if (state !== 'connected' && state !== 'closed') return;
        cancel();
        off();
        if (state === 'connected') resolve();
        else reject(new ZooKeeperError('CLOSED', 'the client was closed'));
      });
      if (timeoutMs === undefined) return;
      cancel = this.clock.after(timeoutMs, () => {
        off();
        reject(new ZooKeeperError('TIMEOUT', `not connected within ${timeoutMs} ms`));
      });
    });
  }

  /** Calls `listener` at each change of state from now on. @returns how to stop that */
  onState(listener: (state: ZooKeeperState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the session, and with it its ephemeral nodes, if a server can be told within a second. */
  close(): Promise<void> {
    if (this.#closing === null) {
      this.#requests.close();
      this.#watches.clear();
      this.#closing = this.#connector.close();
    }
    return this.#closing;
  }

  /** Creates a node. @returns its path, with the number appended if `sequential` */
  create(path: string, data: Buffer | string = '', options: CreateOptions = {}): Promise<string> {
    const bytes = Buffer.from(data);
    return this.#run(path, bytes.length, {
      read: false,
      send: (client, done) => client.create(this.#full(path), bytes, createMode(options), done),
      result: (created) => this.#strip(created as string),
    });
  }

  /** Creates a node and its ancestors, without data, where they are missing. */
  async ensure(path: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.create(path);
        return;
      } catch (error) {
        if (hasCode(error, 'NODE_EXISTS')) return;
        const again = hasCode(error, 'NO_NODE', 'CONNECTION_LOSS') && attempt < 5 && path !== '/';
        if (!again) throw error;
        if (error.code === 'NO_NODE') await this.ensure(splitPath(path).parent);
      }
    }
  }

  /** Creates the ancestors of `path` where they are missing, not the node itself. */
  createParents(path: string): Promise<void> {
    return this.ensure(splitPath(path).parent);
  }

  /** Reads a node. The watcher is set only if the node exists; it fires on `changed` and `deleted`. */
  get(path: string, watcher?: Watcher): Promise<{ data: Buffer; stat: Stat }> {
    return this.#run(
      path,
      0,
      {
        read: true,
        send: (client, done) =>
          watcher
            ? client.getData(this.#full(path), this.#onEvent, done)
            : client.getData(this.#full(path), done),
        result: (data, stat) => {
          this.#watch('data', path, watcher);
          return { data: (data as Buffer | undefined) ?? Buffer.alloc(0), stat: toStat(stat as PackageStat) };
        },
      },
      watcher,
    );
  }

  /** A node's numbers, or null. The watcher is set in either case; it fires on `created`, `changed` and `deleted`. */
  exists(path: string, watcher?: Watcher): Promise<Stat | null> {
    return this.#run(
      path,
      0,
      {
        read: true,
        send: (client, done) =>
          watcher
            ? client.exists(this.#full(path), this.#onEvent, done)
            : client.exists(this.#full(path), done),
        result: (stat) => {
          this.#watch('data', path, watcher);
          return stat === null ? null : toStat(stat as PackageStat);
        },
      },
      watcher,
    );
  }

  /** A node's children in no order. The watcher fires on `children` and `deleted`. */
  children(path: string, watcher?: Watcher): Promise<{ names: string[]; stat: Stat }> {
    return this.#run(
      path,
      0,
      {
        read: true,
        send: (client, done) =>
          watcher
            ? client.getChildren(this.#full(path), this.#onEvent, done)
            : client.getChildren(this.#full(path), done),
        result: (names, stat) => {
          this.#watch('children', path, watcher);
          return { names: names as string[], stat: toStat(stat as PackageStat) };
        },
      },
      watcher,
    );
  }

  /** Forgets a watcher on a path, if it has not fired yet. */
  unwatch(path: string, watcher: Watcher): void {
    this.#watches.remove(path, watcher);
  }

  /** Replaces a node's data if its version is `version` (-1: any). */
  set(path: string, data: Buffer | string, version: number): Promise<Stat> {
    const bytes = Buffer.from(data);
    return this.#run(path, bytes.length, {
      read: false,
      send: (client, done) => client.setData(this.#full(path), bytes, version, done),
      result: (stat) => toStat(stat as PackageStat),
    });
  }

  /** Deletes a node without children if its version is `version` (-1: any). */
  remove(path: string, version: number): Promise<void> {
    return this.#run(path, 0, {
      read: false,
      send: (client, done) => client.remove(this.#full(path), version, done),
      result: () => undefined,
    });
  }

  /** Does all of `ops` or none. A refusal has the code of the operation to blame and its `index`. */
  multi(ops: readonly MultiOp[]): Promise<MultiResult[]> {
    let bytes = 0;
    for (const op of ops) {
      if (!validPath(op.path))
        return Promise.reject(new ZooKeeperError('BAD_ARGUMENTS', 'not a path', op.path));
      bytes += 64 + op.path.length * 3 + ('data' in op ? Buffer.byteLength(op.data ?? '') : 0);
    }
    if (ops.length === 0) return this.barrier().then(() => []);
    return this.#run(ops[0]!.path, bytes, {
      read: false,
      send: (client, done) => {
        const transaction = client.transaction();
        for (const op of ops) this.#addTo(transaction, op);
        transaction.commit(done);
      },
      result: (results) =>
        (results as { path?: string; stat?: PackageStat }[]).map(({ path, stat }) => ({
          ...(path === undefined ? {} : { path: this.#strip(path) }),
          ...(stat === undefined ? {} : { stat: toStat(stat) }),
        })),
      refused: (error, results) => {
        const errors = (results as { err?: number }[] | undefined)?.map(({ err }) => err ?? 0) ?? [];
        const index = errors.findIndex((err) => err !== 0);
        if (index === -1) return serverError((error as { code?: number }).code ?? -1);
        return serverError(errors[index]!, ops[index]?.path, index);
      },
    });
  }

  /** Resolves when everything decided before the call can be read: a check-only multi, since the package has no sync. */
  barrier(): Promise<void> {
    return this.#run('/', 0, {
      read: true,
      send: (client, done) => client.transaction().check('/').commit(done),
      result: () => undefined,
    });
  }

  #run<T>(path: string, bytes: number, spec: Omit<RequestSpec<T>, 'path'>, watcher?: Watcher): Promise<T> {
    if (!validPath(path)) return Promise.reject(new ZooKeeperError('BAD_ARGUMENTS', 'not a path', path));
    if (bytes + path.length * 3 > MAX_BYTES) {
      return Promise.reject(new ZooKeeperError('BAD_ARGUMENTS', `more than ${MAX_BYTES} bytes`, path));
    }
    if (watcher !== undefined && this.#watches.size >= this.#maxWatches) {
      return Promise.reject(new ZooKeeperError('QUEUE_FULL', `${this.#maxWatches} paths are watched`, path));
    }
    return this.#requests.run({ ...spec, path }, this.#requestTimeoutMs);
  }

  #addTo(transaction: Transaction, op: MultiOp): void {
    const path = this.#full(op.path);
    switch (op.type) {
      case 'create':
        transaction.create(path, Buffer.from(op.data ?? ''), createMode(op));
        return;
      case 'set':
        transaction.setData(path, Buffer.from(op.data));
        break;
      case 'remove':
        transaction.remove(path);
        break;
      case 'check':
        transaction.check(path);
        break;
    }
    fixVersion(transaction, op.version ?? -1);
  }

  #watch(kind: WatchKind, path: string, watcher: Watcher | undefined): void {
    if (watcher !== undefined) this.#watches.add(kind, path, watcher);
  }
  #full(path: string): string {
    return path === '/' ? this.#chroot || '/' : this.#chroot + path;
  }
  #strip(path: string): string {
    return path.slice(this.#chroot.length) || '/';
  }
  #tell(state: ZooKeeperState): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(state);
      } catch (error) {
        this.#surprise(error);
      }
    }
  }
  /** A listener or watcher threw: a broken assertion in our own code, reported and not passed to the package. */
  #surprise(error: unknown): void {
    this.log.warn(
      { error: error instanceof Error ? error.stack : String(error) },
      'a ZooKeeper listener threw',
    );
  }
}

function createMode({ ephemeral = false, sequential = false }: CreateOptions): number {
  if (ephemeral) return sequential ? CreateMode.EPHEMERAL_SEQUENTIAL : CreateMode.EPHEMERAL;
  return sequential ? CreateMode.PERSISTENT_SEQUENTIAL : CreateMode.PERSISTENT;
}
