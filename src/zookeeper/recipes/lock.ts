// The read-write lock: ephemeral sequential nodes, first come first served. A writer waits for the contender before it,
// a reader for the nearest earlier writer, so a release wakes whoever may go on and nobody else.
// A lock can be lost at any time with its session: what it protects must check the fencing token.
import type { ZooKeeper } from '../client.js';
import { hasCode, ZooKeeperError } from '../errors.js';
import type { WatchEvent } from '../types.js';
import { Loop, tell } from './loop.js';
import { contenders, OwnNode } from './own-node.js';

/** Readers share, writers exclude. */
export type LockMode = 'read' | 'write';

/** How to wait. */
export interface AcquireOptions {
  /** Longest wait in ms; 0: only if nobody is in the way; absent: for ever. */
  timeoutMs?: number;
  /** Ends the wait with TIMEOUT. */
  signal?: AbortSignal;
  /** Called once, unless the lock was granted, when nothing of this wait is left, here or in ZooKeeper. */
  settled?: () => void;
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
   * Waits for the lock. While ZooKeeper is out of reach it waits on, except with `timeoutMs` 0.
   * @throws ZooKeeperError TIMEOUT (not held, and no longer queued), CLOSED
   */
  acquire(mode: LockMode, { timeoutMs, signal, settled }: AcquireOptions = {}): Promise<HeldLock> {
    const attempt = new Attempt(this.#zk, this.#folder, mode, timeoutMs === 0);
    return new Promise((resolve, reject) => {
      let open = true;
      /** @returns whether it was not over before */
      const over = () => {
        const first = open;
        open = false;
        cancelTimer();
        off();
        signal?.removeEventListener('abort', giveUp);
        return first;
      };
      const giveUp = () => {
        if (!over()) return;
        attempt.cancel();
        reject(new ZooKeeperError('TIMEOUT', 'the lock was not free in time', this.#folder));
      };
      const off = timeoutMs === 0 ? this.#zk.onState(giveUp) : () => {};
      const cancelTimer =
        timeoutMs === undefined || timeoutMs === 0 ? () => {} : this.#zk.clock.after(timeoutMs, giveUp);
      signal?.addEventListener('abort', giveUp);
      const away = timeoutMs === 0 && this.#zk.state !== 'connected';
      if (away || signal?.aborted === true) queueMicrotask(giveUp);
      attempt.run().then(
        (held) => {
          if (over()) resolve(held);
          else void held.release().then(() => settled?.()); // granted as it was given up
        },
        (error: unknown) => {
          if (over()) reject(error);
          void attempt.removal.then(() => settled?.());
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
  /** Of a wait that failed: resolves when its node is gone. */
  removal: Promise<unknown> = Promise.resolve();
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
      this.removal = removeAll(this.#zk, this.#folder, this.#node);
      if (this.#once) await this.removal; // so that a failed try is in nobody's way
      throw error;
    }
  }

  /** One look at the queue: the lock, or null after something has changed. */
  async #advance(): Promise<HeldLock | null> {
    try {
      if (this.#zk.state !== 'connected') {
        await this.#untilOtherState();
        return null;
      }
      const own = await this.#node.place(() => this.#cancelled);
      if (this.#cancelled) return null;
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
      const transient = hasCode(
        error,
        'CONNECTION_LOSS',
        'SESSION_EXPIRED',
        'NO_NODE',
        'NODE_EXISTS',
        'QUEUE_FULL',
      );
      // The folder has gone, and so our node with it.
      if (hasCode(error, 'NO_NODE')) this.#node.forget();
      if (!transient && !(hasCode(error, 'TIMEOUT') && !this.#once)) throw error;
      await this.#pause();
      return null;
    }
  }

  /**
   * Waits until the contender ahead has gone, or it is time to look at the whole line again. After a mere reconnection
   * it is not: that many waiters would each read a line as long as they are many.
   */
  async #untilChanged(path: string): Promise<void> {
    const session = this.#zk.sessionId;
    let again = true;
    while (again && !this.#cancelled && this.#zk.sessionId === session) {
      let wake = (_event?: WatchEvent) => {};
      const changed = new Promise<boolean>((resolve) => {
        wake = (event) => resolve(event?.type === 'reconnected');
      });
      this.#wake = wake;
      try {
        again = (await this.#zk.exists(path, wake)) !== null && !this.#cancelled && (await changed);
      } finally {
        this.#zk.unwatch(path, wake);
      }
    }
  }

  /** @throws ZooKeeperError CLOSED */
  #untilOtherState(): Promise<void> {
    if (this.#zk.state === 'closed') throw new ZooKeeperError('CLOSED', 'the client is closed', this.#folder);
    return new Promise((resolve) => {
      const over = () => {
        off();
        resolve();
      };
      const off = this.#zk.onState(over);
      this.#wake = over;
    });
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
  #releasing: Promise<boolean> | null = null;
  #sessionLost = false;

  /** Made by acquire() only. */
  constructor(zk: ZooKeeper, folder: string, mode: LockMode, node: OwnNode, czxid: bigint) {
    this.mode = mode;
    this.token = String(czxid);
    this.#zk = zk;
    this.#folder = folder;
    this.#node = node;
    this.#czxid = czxid;
    this.#unsubscribe = zk.onState((state) => {
      if (state !== 'lost' && state !== 'closed') return;
      this.#sessionLost = true;
      this.#lose();
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

  /**
   * Gives it back; resolves when others can have it, so not while disconnected. Does nothing the second time.
   * @returns whether it was held until now
   */
  release(): Promise<boolean> {
    this.#releasing ??= this.#release();
    return this.#releasing;
  }

  async #release(): Promise<boolean> {
    if (this.#state === 'held') this.#state = 'released';
    const { path } = this.#node;
    // Not waited for: a guard's look that is still unanswered is no reason to keep others waiting.
    const guarded = this.#guard.stop();
    const there = await removeAll(this.#zk, this.#folder, this.#node);
    this.#unsubscribe();
    await guarded;
    this.#zk.unwatch(path, this.#guard.kick);
    return this.#state === 'released' && there && !this.#sessionLost;
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

/** Takes a contender's node away, and the folder if it was the last. @returns whether the node was still there */
async function removeAll(zk: ZooKeeper, folder: string, node: OwnNode): Promise<boolean> {
  if (node.blank) return false;
  let there = false;
  try {
    there = await node.remove();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    zk.log.warn({ folder, error: text }, 'a lock node was left to its session');
    return false;
  }
  // Without haste: an empty folder is in nobody's way.
  zk.remove(folder, -1).catch(() => {});
  return there;
}
