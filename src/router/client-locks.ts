// Locks for clients: TOWLINE.LOCK and UNLOCK on the read-write lock in ZooKeeper. A lock belongs to one connection and
// goes with it. Decides bounds and what each outcome is called; never says "held until now" of a lock that may have
// been somebody else's in between, and never leaves a node behind that a living session keeps.
import { type HeldLock, hasCode, ReadWriteLock, type ZooKeeper } from '../zookeeper/index.js';
import type { ClientState, LockAnswer, LockDesk, LockEntry, UnlockAnswer } from './local/index.js';

/** Where the locks of clients are: one folder a name, of which the nodes are ephemeral. */
const FOLDER = '/towline/locks/clients';
/** How often folders that a dead router left empty are swept away, ms; half of it is chance. */
const SWEEP_MS = 20 * 60_000;

/** Bounds. */
interface LockLimits {
  /** Locks that one connection holds. */
  held: number;
  /** Connections that wait for a lock, in all and for one name. */
  waiting: number;
  waitingForOne: number;
  /** Locks of this router that have a node, or may have: held, waited for, being given back. */
  nodes: number;
  /** How long UNLOCK waits for ZooKeeper to say what became of the lock, ms. */
  unlockMs: number;
}

const LIMITS: LockLimits = {
  held: 1000,
  waiting: 10_000,
  waitingForOne: 1000,
  nodes: 20_000,
  unlockMs: 10_000,
};

/** What the client that `locks` is given must be able to hold at once: each node is watched, each removal is a request. */
export const LOCK_CLIENT = { maxRequests: 4 * LIMITS.nodes, maxWatches: 2 * LIMITS.nodes };

/** What one connection has. */
interface Owner {
  readonly held: Map<string, HeldLock>;
  waiting: AbortController | null;
  gone: boolean;
}

/** The locks that the clients of one router hold and wait for. */
export class ClientLocks implements LockDesk {
  private readonly owners = new Map<ClientState, Owner>();
  private readonly waitingFor = new Map<string, number>();
  private waiting = 0;
  private nodes = 0;
  private readonly limits: LockLimits;
  private cancelSweep = () => {};
  private stopped = false;

  /** @param zk a client of its own, so that nothing else waits behind locks, made with LOCK_CLIENT */
  constructor(
    private readonly zk: ZooKeeper,
    limits: Partial<LockLimits> = {},
  ) {
    this.limits = { ...LIMITS, ...limits };
  }

  /** Connects, and begins to sweep. */
  async start(): Promise<void> {
    await this.zk.connect();
    this.sweepLater(0);
  }

  /** Ends the session: every lock is free at once. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelSweep();
    for (const { waiting } of this.owners.values()) waiting?.abort();
    await this.zk.close();
  }

  async lock(
    client: ClientState,
    name: string,
    mode: 'read' | 'write',
    timeoutMs: number | undefined,
    lost: () => void,
  ): Promise<LockAnswer> {
    const { limits } = this;
    const owner = this.ownerOf(client);
    const earlier = owner.held.get(name);
    if (earlier !== undefined && !earlier.lost) return { kind: 'held-already' };
    // A lock that was lost is taken anew: its larger token says so.
    if (earlier !== undefined) this.release(owner, name, earlier);
    if (owner.held.size >= limits.held) return busy(`a connection may hold ${limits.held} locks`);
    const queue = this.waitingFor.get(name) ?? 0;
    if (queue >= limits.waitingForOne) return busy(`${queue} clients of this router wait for this lock`);
    if (this.waiting >= limits.waiting) return busy(`${this.waiting} clients of this router wait for locks`);
    if (this.nodes >= limits.nodes) return busy(`this router's clients have ${this.nodes} locks`);
    this.waiting++;
    this.nodes++;
    this.waitingFor.set(name, queue + 1);
    const abort = new AbortController();
    owner.waiting = abort;
    client.blocked = true;
    const left = () => {
      this.waiting--;
      const others = this.waitingFor.get(name)! - 1;
      if (others === 0) this.waitingFor.delete(name);
      else this.waitingFor.set(name, others);
    };
    try {
      const held = await new ReadWriteLock(this.zk, folderOf(name)).acquire(mode, {
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        signal: abort.signal,
        settled: () => {
          left();
          this.nodes--;
        },
      });
      left();
      return this.granted(client, owner, name, held, lost);
    } catch (error) {
      if (!hasCode(error, 'TIMEOUT', 'CLOSED')) {
        if (hasCode(error, 'SERVER_ERROR', 'NO_AUTH', 'INVALID_ACL', 'BAD_ARGUMENTS')) {
          return { kind: 'failed', message: error.message };
        }
        throw error;
      }
      return { kind: this.zk.state === 'connected' ? 'timeout' : 'away' };
    } finally {
      owner.waiting = null;
      client.blocked = false;
      this.forgetIfEmpty(client, owner);
    }
  }

  async unlock(client: ClientState, name: string): Promise<UnlockAnswer> {
    const owner = this.owners.get(client);
    const held = owner?.held.get(name);
    if (owner === undefined || held === undefined) return 'not-held';
    const released = this.release(owner, name, held);
    this.forgetIfEmpty(client, owner);
    let cancel = () => {};
    const late = new Promise<'unknown'>((resolve) => {
      cancel = this.zk.clock.after(this.limits.unlockMs, () => resolve('unknown'));
    });
    const answer = await Promise.race([released, late]);
    cancel();
    if (answer === 'unknown') return answer;
    return answer ? 'released' : 'lost';
  }

  list(client: ClientState): LockEntry[] {
    return [...(this.owners.get(client)?.held ?? [])].map(([name, lock]) => ({
      name,
      mode: lock.mode,
      token: BigInt(lock.token),
      state: lock.lost ? 'lost' : lock.safe ? 'held' : 'unsure',
    }));
  }

  private granted(
    client: ClientState,
    owner: Owner,
    name: string,
    held: HeldLock,
    lost: () => void,
  ): LockAnswer {
    owner.held.set(name, held);
    if (owner.gone) {
      this.release(owner, name, held);
      return { kind: 'timeout' };
    }
    held.onLost(() => {
      if (owner.held.get(name) !== held) return;
      this.zk.log.warn({ client: client.addr, token: held.token }, "a client's lock was lost");
      lost();
    });
    return { kind: 'granted', token: BigInt(held.token) };
  }

  /** @returns whether it was held until now */
  private async release(owner: Owner, name: string, held: HeldLock): Promise<boolean> {
    owner.held.delete(name);
    const until = await held.release();
    this.nodes--;
    return until;
  }

  private ownerOf(client: ClientState): Owner {
    let owner = this.owners.get(client);
    if (owner === undefined) {
      const made: Owner = { held: new Map(), waiting: null, gone: false };
      owner = made;
      this.owners.set(client, made);
      client.freeLocks = () => {
        made.gone = true;
        this.owners.delete(client);
        client.freeLocks = () => {};
        made.waiting?.abort();
        for (const [name, held] of made.held) void this.release(made, name, held);
      };
    }
    return owner;
  }

  private forgetIfEmpty(client: ClientState, owner: Owner): void {
    if (owner.held.size > 0 || owner.waiting !== null || owner.gone) return;
    this.owners.delete(client);
    client.freeLocks = () => {};
  }

  private sweepLater(ms: number): void {
    if (this.stopped) return;
    this.cancelSweep = this.zk.clock.after(ms, () => {
      this.sweep().finally(() => this.sweepLater(SWEEP_MS * (0.5 + this.zk.clock.random() / 2)));
    });
  }

  /** Removes empty folders, one at a time; who is about to use one makes it again. */
  private async sweep(): Promise<void> {
    try {
      const { names } = await this.zk.children(FOLDER);
      for (const name of names) {
        if (this.stopped) return;
        const stat = await this.zk.exists(`${FOLDER}/${name}`);
        if (stat?.numChildren === 0) await this.zk.remove(`${FOLDER}/${name}`, -1).catch(() => {});
      }
    } catch (error) {
      // Nobody has locked anything yet, or ZooKeeper is away: the next sweep is soon enough.
      if (hasCode(error, 'NO_NODE', 'CLOSED')) return;
      this.zk.log.warn({ error: String(error) }, 'empty lock folders were not swept away');
    }
  }
}

function busy(message: string): LockAnswer {
  return { kind: 'failed', message };
}

/** The folder of a lock: any bytes, one to one; what a path cannot hold, and `.`, as %XX. @param name latin1 text */
function folderOf(name: string): string {
  const safe = name.replace(
    /[^A-Za-z0-9_:-]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `${FOLDER}/${safe}`;
}
