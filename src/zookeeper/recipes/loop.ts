// The engine of the recipes: one step that makes the world as it should be, run again whenever something may have
// changed. Never two steps at once, never while disconnected, and a failed step is repeated after a pause.
import type { ZooKeeper } from '../client.js';
import { ZooKeeperError } from '../errors.js';

/** Pause after a failed step: doubles from the first to the last, ms. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 2000;

/** Runs `step` until it has succeeded since the last kick. */
export class Loop {
  readonly #zk: ZooKeeper;
  readonly #name: string;
  readonly #step: () => Promise<void>;
  readonly #unsubscribe: () => void;
  #dirty = false;
  #begun = false;
  #running: Promise<void> | null = null;
  #stopped = false;
  #failures = 0;
  #wake = () => {};

  /**
   * Does nothing before the first kick: whoever made it may not be ready to be told. Then kicks itself at every
   * reconnection.
   * @param name for the log
   */
  constructor(zk: ZooKeeper, name: string, step: () => Promise<void>) {
    this.#zk = zk;
    this.#name = name;
    this.#step = step;
    this.#unsubscribe = zk.onState((state) => {
      if (state !== 'connected' || !this.#begun) return;
      this.#wake();
      this.kick();
    });
  }

  /** Something may have changed; usable as a watcher. */
  readonly kick = (): void => {
    if (this.#stopped) return;
    this.#begun = true;
    this.#dirty = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#dirty && !this.#stopped && this.#zk.state === 'connected') this.kick();
    });
  };

  /** Ends it; resolves when no step is running any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#dirty && !this.#stopped && this.#zk.state === 'connected') {
      this.#dirty = false;
      try {
        await this.#step();
        this.#failures = 0;
      } catch (error) {
        this.#dirty = true;
        if (this.#stopped) return;
        this.#report(error);
        await this.#pause(Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++));
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#zk.clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  #report(error: unknown): void {
    const known = error instanceof ZooKeeperError;
    const text = known ? error.message : error instanceof Error ? error.stack : String(error);
    this.#zk.log.warn({ recipe: this.#name, error: text }, 'a ZooKeeper recipe tries again');
  }
}

/** What start() of a recipe waits for: opens once, and fails if the client is closed or the recipe stopped before. */
export class Gate {
  readonly #zk: ZooKeeper;
  #open = false;
  #stopped = false;
  readonly #waiting = new Set<(error?: ZooKeeperError) => void>();

  constructor(zk: ZooKeeper) {
    this.#zk = zk;
  }

  /** Resolves once open. @throws ZooKeeperError CLOSED */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#open) return resolve();
      if (this.#stopped || this.#zk.state === 'closed') return reject(closed());
      const over = (error?: ZooKeeperError) => {
        off();
        this.#waiting.delete(over);
        if (error === undefined) resolve();
        else reject(error);
      };
      const off = this.#zk.onState((state) => {
        if (state === 'closed') over(closed());
      });
      this.#waiting.add(over);
    });
  }
  /** Lets everyone through, now and later. */
  open(): void {
    this.#open = true;
    for (const over of [...this.#waiting]) over();
  }
  /** Turns everyone away who still waits. */
  stop(): void {
    this.#stopped = true;
    for (const over of [...this.#waiting]) over(closed());
  }
}

function closed(): ZooKeeperError {
  return new ZooKeeperError('CLOSED', 'the client is closed or the recipe stopped');
}

/** Calls a listener so that what it throws is reported and stops nothing. */
export function tell(zk: ZooKeeper, name: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    const text = error instanceof Error ? error.stack : String(error);
    zk.log.warn({ recipe: name, error: text }, 'a listener of a ZooKeeper recipe threw');
  }
}

/** Resolves once connected. @throws ZooKeeperError CLOSED */
export function untilConnected(zk: ZooKeeper): Promise<void> {
  return new Promise((resolve, reject) => {
    if (zk.state === 'connected') return resolve();
    if (zk.state === 'closed') return reject(closed());
    const off = zk.onState((state) => {
      if (state !== 'connected' && state !== 'closed') return;
      off();
      if (state === 'connected') resolve();
      else reject(closed());
    });
  });
}
