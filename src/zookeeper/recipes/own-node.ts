// An ephemeral sequential node of ours, found again after a lost answer: its name begins with a GUID and names the
// session. Serves the lock and the election. Never takes a node of an earlier session of ours for its own.
import type { ZooKeeper } from '../client.js';
import { hasCode, ZooKeeperError } from '../errors.js';
import { untilConnected } from './loop.js';

/** A contender as its node's name tells it. */
interface Contender {
  name: string;
  kind: string;
  sequence: number;
}

/** Attempts to place a node before giving up; each waits for a connection first. */
const TRIES = 16;

/** The contenders among `names`, in order of their sequence numbers; other names are left out. */
export function contenders(names: readonly string[]): Contender[] {
  const found: Contender[] = [];
  for (const name of names) {
    const match = /-([A-Z]+)-(-?\d+)$/.exec(name);
    if (match !== null) found.push({ name, kind: match[1]!, sequence: Number(match[2]) });
  }
  return found.sort((a, b) => a.sequence - b.sequence);
}

/** One node, from placing to removal. */
export class OwnNode {
  readonly #zk: ZooKeeper;
  readonly #folder: string;
  readonly #kind: string;
  readonly #data: string;
  readonly #guid: string;
  #name: string | null = null;
  /** An answer was lost, so there may be a node whose name is not known. */
  #doubtful = false;

  /** @param kind capital letters, part of the name */
  constructor(zk: ZooKeeper, folder: string, kind: string, data: string) {
    this.#zk = zk;
    this.#folder = folder;
    this.#kind = kind;
    this.#data = data;
    this.#guid = zk.clock.bytes(16).toString('hex');
  }

  /** The node's path. @throws Error before place() */
  get path(): string {
    if (this.#name === null) throw new Error('the node is not placed');
    return `${this.#folder}/${this.#name}`;
  }

  /** Makes sure the node is there, in this session. @returns its name */
  async place(): Promise<string> {
    for (let tries = 1; ; tries++) {
      if (this.#name !== null) return this.#name;
      await untilConnected(this.#zk);
      try {
        if (this.#doubtful) this.#name = await this.#find();
        this.#name ??= await this.#create();
      } catch (error) {
        const again = hasCode(error, 'CONNECTION_LOSS', 'SESSION_EXPIRED', 'TIMEOUT', 'NO_NODE');
        if (!again || tries === TRIES) throw error;
        if (error.code === 'CONNECTION_LOSS') this.#doubtful = true;
        if (error.code === 'NO_NODE') await this.#zk.ensure(this.#folder);
      }
    }
  }

  /** The node turned out to be gone: the next place() makes another. */
  forget(): void {
    this.#name = null;
  }

  /** Takes the node away, however often it must be asked; ends when the node cannot be there any more. */
  async remove(): Promise<void> {
    const session = this.#zk.sessionId;
    for (let tries = 1; tries <= TRIES; tries++) {
      try {
        await untilConnected(this.#zk);
        if (this.#zk.sessionId !== session) return; // it went with its session
        if (this.#name !== null) await this.#drop(this.#name);
        if (this.#doubtful) for (const name of await this.#all()) await this.#drop(name);
        this.#name = null;
        this.#doubtful = false;
        return;
      } catch (error) {
        if (hasCode(error, 'CLOSED', 'SESSION_EXPIRED')) return;
        if (!(error instanceof ZooKeeperError) || tries === TRIES) throw error;
      }
    }
  }

  async #create(): Promise<string> {
    const session = BigInt.asUintN(64, this.#zk.sessionId).toString(16);
    const path = `${this.#folder}/${this.#guid}-${session}-${this.#kind}-`;
    const created = await this.#zk.create(path, this.#data, { ephemeral: true, sequential: true });
    return created.slice(this.#folder.length + 1);
  }

  /** All nodes with our GUID. */
  async #all(): Promise<string[]> {
    try {
      const { names } = await this.#zk.children(this.#folder);
      return contenders(names.filter((name) => name.startsWith(this.#guid))).map(({ name }) => name);
    } catch (error) {
      if (hasCode(error, 'NO_NODE')) return [];
      throw error;
    }
  }

  /** The node that a lost answer was about, if it exists in this session. */
  async #find(): Promise<string | null> {
    for (const name of await this.#all()) {
      const stat = await this.#zk.exists(`${this.#folder}/${name}`);
      if (stat !== null && stat.ephemeralOwner === this.#zk.sessionId) return name;
    }
    this.#doubtful = false;
    return null;
  }

  async #drop(name: string): Promise<void> {
    try {
      await this.#zk.remove(`${this.#folder}/${name}`, -1);
    } catch (error) {
      if (!hasCode(error, 'NO_NODE')) throw error;
    }
  }
}
