// The read-write lock: ephemeral sequential nodes, first come first served. A writer waits for the contender before it,
// a reader for the nearest earlier writer, so a release wakes whoever may go on and nobody else.
// A lock can be lost at any time with its session: what it protects must check the fencing token.
import type { ZooKeeper } from '../client.js';
import { hasCode, ZooKeeperError } from '../errors.js';
import { Loop, tell, untilConnected } from './loop.js';
import { contenders, OwnNode } from './own-node.js';

/** Readers share, writers exclude. */
export type LockMode = 'read' | 'write';

/** How to wait. */
export interface AcquireOptions {
  /** Longest wait in ms; 0: only if nobody is in the way; absent: for ever. */
  timeoutMs?: number;
  /** Ends the wait with TIMEOUT. */
  signal?: AbortSignal;
}

const KIND: Record<LockMode, string> = { read: 'READ', write: 'WRITE' };

/** A lock by name: the node whose children are its contenders. */
export class ReadWriteLock {
  readonly #zk: ZooKeeper;
  readonly #folder: string;

  /** @param folder created when needed, removed when the last contender has gone */
  constructor(zk: ZooKeeper, folder: string) {
    this.#zk = zk;
    this.#folder = folder;
  }

  /**
   * Waits for the lock.
   * @throws ZooKeeperError TIMEOUT (not held, and no longer queued), CLOSED
   */
  acquire(mode: LockMode, { timeoutMs, signal }: AcquireOptions = {}): Promise<HeldLock> {
    const attempt = new Attempt(this.#zk, this.#folder, mode, timeoutMs === 0);
    return new Promise((resolve, reject) => {
      const over = () => {
        cancelTimer();
        signal?.removeEventListener('abort', giveUp);
      };
      const giveUp = () => {
        over();
        attempt.cancel();
        reject(new ZooKeeperError('TIMEOUT', 'the lock was not free in time', this.#folder));
      };
      const cancelTimer =
        timeoutMs === undefined || timeoutMs === 0 ? () => {} : this.#zk.clock.after(timeoutMs, giveUp);
      signal?.addEventListener('abort', giveUp);
      if (signal?.aborted === true) queueMicrotask(giveUp);
      attempt.run().then(
        (held) => {
          over();
          resolve(held);
        },
        (error: unknown) => {
          over();
          reject(error); // without effect after giveUp
        },
      );
    });
  }
}

/** One wait for the lock. */
class Attempt {
  readonly #zk: ZooKeeper;
  readonly #folder: string;
  readonly #mode: LockMode;
  readonly #once: boolean;
  readonly #node: OwnNode;
  #cancelled = false;
  #wake = () => {};

  constructor(zk: ZooKeeper, folder: string, mode: LockMode, once: boolean) {
    this.#zk = zk;
    this.#folder = folder;
    this.#mode = mode;
    this.#once = once;
    this.#node = new OwnNode(zk, folder, KIND[mode], '');
  }

  cancel(): void {
    this.#cancelled = true;
    this.#wake();
  }

  async run(): Promise<HeldLock> {
    try {
      for (;;) {
        const held = await this.#advance();
        if (this.#cancelled) throw new ZooKeeperError('TIMEOUT', 'cancelled', this.#folder);
        if (held !== null) return held;
      }
    } catch (error) {
      const removal = removeAll(this.#zk, this.#folder, this.#node);
      if (this.#once) await removal; // so that a failed try is in nobody's way
      throw error;
    }
  }

  /** One look at the queue: the lock, or null after something has changed. */
  async #advance(): Promise<HeldLock | null> {
    try {
      await untilConnected(this.#zk);
      if (this.#cancelled) return null;
      const own = await this.#node.place();
      const line = contenders((await this.#zk.children(this.#folder)).names);
      const place = line.findIndex(({ name }) => name === own);
      if (place === -1) {
        this.#node.forget();
        return null;
      }
      const before = line.slice(0, place);
      const ahead =
        this.#mode === 'write' ? before.at(-1) : before.findLast(({ kind }) => kind === KIND.write);
      if (ahead !== undefined) {
        if (this.#once) throw new ZooKeeperError('TIMEOUT', 'the lock is not free', this.#folder);
        await this.#untilChanged(`${this.#folder}/${ahead.name}`);
        return null;
      }
      const stat = await this.#zk.exists(this.#node.path);
      if (stat === null || stat.ephemeralOwner !== this.#zk.sessionId || this.#zk.state !== 'connected') {
        if (this.#zk.state === 'connected') this.#node.forget();
        return null;
      }
      return new HeldLock(this.#zk, this.#folder, this.#mode, this.#node, stat.czxid);
    } catch (error) {
      // Reads that were not answered in time, and nodes that went with their session: look again.
      const transient = hasCode(error, 'CONNECTION_LOSS', 'SESSION_EXPIRED', 'NO_NODE', 'QUEUE_FULL');
      if (!transient && !(hasCode(error, 'TIMEOUT') && !this.#once)) throw error;
      await this.#pause();
      return null;
    }
  }

  async #untilChanged(path: string): Promise<void> {
    let wake = () => {};
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#wake = wake;
    try {
      if ((await this.#zk.exists(path, wake)) !== null && !this.#cancelled) await changed;
    } finally {
      this.#zk.unwatch(path, wake);
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#zk.clock.after(50, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** A lock that was granted. */
export class HeldLock {
  readonly mode: LockMode;
  /** Fencing token, decimal: later holders have larger ones. */
  readonly token: string;
  readonly #zk: ZooKeeper;
  readonly #folder: string;
  readonly #node: OwnNode;
  readonly #czxid: bigint;
  readonly #guard: Loop;
  readonly #unsubscribe: () => void;
  readonly #listeners = new Set<() => void>();
  #state: 'held' | 'lost' | 'released' = 'held';
  #releasing: Promise<void> | null = null;

  /** Made by acquire() only. */
  constructor(zk: ZooKeeper, folder: string, mode: LockMode, node: OwnNode, czxid: bigint) {
    this.mode = mode;
    this.token = String(czxid);
    this.#zk = zk;
    this.#folder = folder;
    this.#node = node;
    this.#czxid = czxid;
    this.#unsubscribe = zk.onState((state) => {
      if (state === 'lost' || state === 'closed') this.#lose();
    });
    this.#guard = new Loop(zk, `lock ${folder}`, () => this.#look());
    this.#guard.kick();
  }

  /** Whether it may be relied on right now: false while ZooKeeper is out of reach, too. */
  get safe(): boolean {
    return this.#state === 'held' && this.#zk.state === 'connected';
  }
  /** Whether it was lost: the session expired, or somebody deleted the node. */
  get lost(): boolean {
    return this.#state === 'lost';
  }

  /** Calls `listener` once if the lock is lost before it is released; soon, if it is lost already. */
  onLost(listener: () => void): void {
    if (this.#state === 'lost') queueMicrotask(() => tell(this.#zk, `lock ${this.#folder}`, listener));
    else this.#listeners.add(listener);
  }

  /** Gives it back; resolves when others can have it, so not while disconnected. Does nothing the second time. */
  release(): Promise<void> {
    this.#releasing ??= this.#release();
    return this.#releasing;
  }

  async #release(): Promise<void> {
    if (this.#state === 'held') this.#state = 'released';
    this.#unsubscribe();
    const { path } = this.#node;
    await this.#guard.stop();
    this.#zk.unwatch(path, this.#guard.kick);
    await removeAll(this.#zk, this.#folder, this.#node);
  }

  async #look(): Promise<void> {
    const stat = await this.#zk.exists(this.#node.path, this.#guard.kick);
    if (stat === null || stat.czxid !== this.#czxid) this.#lose();
  }

  #lose(): void {
    if (this.#state !== 'held') return;
    this.#state = 'lost';
    this.#unsubscribe();
    void this.#guard.stop();
    for (const listener of this.#listeners) tell(this.#zk, `lock ${this.#folder}`, listener);
  }
}

/** Takes a contender's node away, and the folder if it was the last. */
async function removeAll(zk: ZooKeeper, folder: string, node: OwnNode): Promise<void> {
  try {
    await node.remove();
    await zk.remove(folder, -1);
  } catch (error) {
    if (hasCode(error, 'NOT_EMPTY', 'NO_NODE', 'CLOSED')) return;
    const text = error instanceof Error ? error.message : String(error);
    zk.log.warn({ folder, error: text }, 'a lock node was left to its session');
  }
}
