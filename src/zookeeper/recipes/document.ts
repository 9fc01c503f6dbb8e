// A JSON document in one node, changed by compare-and-set only. Each write carries a writer id, so that after a lost
// answer the writer can tell whether it was its own write that happened. Never guesses: what stays unknown is told so.
import type { ZooKeeper } from '../client.js';
import { hasCode, ZooKeeperError } from '../errors.js';
import type { Stat } from '../types.js';

/** A document as it was at one version. */
export interface Versioned<T> {
  value: T;
  /** The node's version: what `write` must be given. */
  version: number;
  /** Which creation of the node this is. */
  czxid: bigint;
  /** Grows with every change of the document. */
  mzxid: bigint;
}

/** The field of the stored JSON that names the writer; hidden from callers. */
const WRITER = '_writer';
/** How often a write whose answer was lost is looked for and sent again. */
const TRIES = 8;
/** How often update() starts again after somebody else was faster. */
const ROUNDS = 64;

/** Reads what is stored. @throws ZooKeeperError BAD_ARGUMENTS for what is no JSON object */
export function decodeDocument<T extends object>(
  path: string,
  data: Buffer,
  stat: Stat,
): Versioned<T> & { writer: unknown } {
  const { version, czxid, mzxid } = stat;
  try {
    const { [WRITER]: writer, ...value } = JSON.parse(data.toString()) as Record<string, unknown>;
    return { value: value as T, version, czxid, mzxid, writer };
  } catch {
    throw new ZooKeeperError('BAD_ARGUMENTS', 'the node holds no JSON document', path);
  }
}

/** How one kind of write is sent and judged. */
interface Write {
  send(data: string): Promise<{ version: number; czxid: bigint; mzxid: bigint }>;
  /** Makes room after NO_NODE. */
  prepare?(): Promise<void>;
  /** What a lost write came to, when the node does not carry its writer id. */
  judge(now: Versioned<object> | null): 'again' | 'BAD_VERSION' | 'NODE_EXISTS' | 'CONNECTION_LOSS';
}

/** A compare-and-set document; T is a plain object without a field `_writer`. */
export class CasDocument<T extends object> {
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #id: string;
  #writes = 0;

  constructor(zk: ZooKeeper, path: string) {
    this.#zk = zk;
    this.path = path;
    this.#id = zk.clock.bytes(12).toString('hex');
  }

  /** The document now, or null if there is none. */
  async read(): Promise<Versioned<T> | null> {
    const found = await this.#look();
    if (found === null) return null;
    const { value, version, czxid, mzxid } = found;
    return { value, version, czxid, mzxid };
  }

  /**
   * Creates the document, and its parents where they are missing.
   * @throws ZooKeeperError NODE_EXISTS; CONNECTION_LOSS when it cannot be found out whether it happened
   */
  create(value: T): Promise<Versioned<T>> {
    return this.#settle(value, {
      send: async (data) => {
        await this.#zk.create(this.path, data);
        const stat = await this.#zk.exists(this.path).catch(() => null);
        if (stat === null) throw new ZooKeeperError('CONNECTION_LOSS', 'created, then not found', this.path);
        return { version: 0, czxid: stat.czxid, mzxid: stat.czxid };
      },
      prepare: () => this.#zk.createParents(this.path),
      judge: (now) => {
        if (now === null) return 'again';
        return now.version === 0 ? 'NODE_EXISTS' : 'CONNECTION_LOSS';
      },
    });
  }

  /**
   * Replaces the document if it is still `previous`.
   * @throws ZooKeeperError BAD_VERSION: somebody else was faster and this write never happened;
   * CONNECTION_LOSS: it cannot be found out (others wrote since); NO_NODE
   */
  write(value: T, previous: Versioned<T>): Promise<Versioned<T>> {
    const { version, czxid } = previous;
    return this.#settle(value, {
      send: (data) =>
        this.#zk
          .set(this.path, data, version)
          .then(({ version, czxid, mzxid }) => ({ version, czxid, mzxid })),
      judge: (now) => {
        if (now === null || now.czxid !== czxid || now.version > version + 1) return 'CONNECTION_LOSS';
        return now.version === version ? 'again' : 'BAD_VERSION';
      },
    });
  }

  /**
   * Reads, lets `change` make the next value (null: nothing to do), and writes it, again and again until it fits.
   * `change` may run several times, and sees its own result if a write of unknown outcome did happen: it must be
   * idempotent.
   * @returns the document as written, or as it was left; null if there is none and none was made
   */
  async update(change: (now: T | null) => T | null): Promise<Versioned<T> | null> {
    for (let round = 1; ; round++) {
      const now = await this.read();
      const next = change(now?.value ?? null);
      if (next === null) return now;
      try {
        return await (now === null ? this.create(next) : this.write(next, now));
      } catch (error) {
        const again = hasCode(error, 'BAD_VERSION', 'NODE_EXISTS', 'NO_NODE', 'CONNECTION_LOSS');
        if (!again || round === ROUNDS) throw error;
      }
    }
  }

  async #look(): Promise<(Versioned<T> & { writer: unknown }) | null> {
    try {
      const { data, stat } = await this.#zk.get(this.path);
      return decodeDocument<T>(this.path, data, stat);
    } catch (error) {
      if (hasCode(error, 'NO_NODE')) return null;
      throw error;
    }
  }

  /** Sends a write; when the answer is lost, looks what became of it. */
  async #settle(value: T, how: Write): Promise<Versioned<T>> {
    const writer = `${this.#id}.${++this.#writes}`;
    const data = JSON.stringify({ ...value, [WRITER]: writer });
    let doubtful = false;
    for (let tries = 1; ; tries++) {
      try {
        return { value, ...(await how.send(data)) };
      } catch (error) {
        if (hasCode(error, 'NO_NODE') && how.prepare !== undefined && tries < TRIES) {
          await how.prepare();
          continue;
        }
        // A refusal settles the matter, unless an earlier try may be the reason for it.
        doubtful ||= hasCode(error, 'CONNECTION_LOSS');
        if (!doubtful) throw error;
      }
      const now = await this.#lookAgain();
      if (now !== null && now.writer === writer) {
        const { version, czxid, mzxid } = now;
        return { value, version, czxid, mzxid };
      }
      const verdict = how.judge(now);
      if (verdict !== 'again' || tries >= TRIES) {
        const code = verdict === 'again' ? 'CONNECTION_LOSS' : verdict;
        throw new ZooKeeperError(code, 'found after a lost answer', this.path);
      }
    }
  }

  /**
   * Reads behind a write of unknown outcome: on the same connection it is ordered after it, on a new one the client's
   * barrier has settled it. Whatever fails here, the outcome stays unknown.
   */
  async #lookAgain(): Promise<(Versioned<T> & { writer: unknown }) | null> {
    try {
      return await this.#look();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ZooKeeperError('CONNECTION_LOSS', `the outcome could not be read back: ${why}`, this.path);
    }
  }
}
