// A live view of a document: tells every latest version, in order, and reads again after each reconnection.
// Versions that were overwritten before they could be read are skipped; an older one is never told after a newer.
import type { ZooKeeper } from '../client.js';
import { hasCode } from '../errors.js';
import { decodeDocument, type Versioned } from './document.js';
import { Gate, Loop, tell } from './loop.js';

/** Watches one document, whether it exists or not. */
export class DocumentView<T extends object> {
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #onChange: (document: Versioned<T> | null) => void;
  readonly #loop: Loop;
  #document: Versioned<T> | null = null;
  /** The session in which it was last read; 0n before the first reading. */
  #readIn = 0n;
  readonly #first: Gate;

  /** @param onChange told of every latest version after `start()`, the first reading included; null for no document */
  constructor(zk: ZooKeeper, path: string, onChange: (document: Versioned<T> | null) => void = () => {}) {
    this.#zk = zk;
    this.#first = new Gate(zk);
    this.path = path;
    this.#onChange = onChange;
    this.#loop = new Loop(zk, `document ${path}`, () => this.#step());
  }

  /** The document last read; null if there was none, or nothing was read yet. */
  get document(): Versioned<T> | null {
    return this.#document;
  }
  /** False while disconnected, and until this session has read it. */
  get current(): boolean {
    return this.#zk.state === 'connected' && this.#readIn !== 0n && this.#readIn === this.#zk.sessionId;
  }

  /** Starts; resolves after the first reading. */
  start(): Promise<void> {
    this.#loop.kick();
    return this.#first.wait();
  }

  /** Reads again now: for a caller that heard of a newer version elsewhere. */
  refresh(): void {
    this.#loop.kick();
  }

  /** Ends it; nothing is told afterwards. */
  async stop(): Promise<void> {
    this.#first.stop();
    await this.#loop.stop();
    this.#zk.unwatch(this.path, this.#loop.kick);
  }

  async #step(): Promise<void> {
    const session = this.#zk.sessionId;
    const found = await this.#read();
    if (found === 'again') return this.#loop.kick();
    const first = this.#readIn === 0n;
    const before = this.#document;
    this.#readIn = session;
    const newer = found === null ? before !== null : before === null || found.mzxid > before.mzxid;
    if (first || newer) {
      this.#document = found;
      tell(this.#zk, `document ${this.path}`, () => this.#onChange(found));
    }
    this.#first.open();
  }

  async #read(): Promise<Versioned<T> | null | 'again'> {
    try {
      const { data, stat } = await this.#zk.get(this.path, this.#loop.kick);
      const { writer: _, ...document } = decodeDocument<T>(this.path, data, stat);
      return document;
    } catch (error) {
      if (!hasCode(error, 'NO_NODE')) throw error;
    }
    // Absent: the watch must be set on its coming, and it may have come since.
    return (await this.#zk.exists(this.path, this.#loop.kick)) === null ? null : 'again';
  }
}
