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
/** Pause before a removal is tried again: doubles from the first to the last, ms. */
const FIRST_PAUSE_MS = 25;
const LAST_PAUSE_MS = 1000;

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

  /** Whether there is surely nothing to remove. */
  get blank(): boolean {
    return this.#name === null && !this.#doubtful;
  }

  /**
   * Makes sure the node is there, in this session.
   * @param stop once it says so, nothing more is created: TIMEOUT
   * @returns its name
   */
  async place(stop: () => boolean = () => false): Promise<string> {
    // What is known to be missing: nothing, the folder, the folder and its parents.
    let missing = 0;
    for (let tries = 1; ; tries++) {
      if (this.#name !== null) return this.#name;
      await untilConnected(this.#zk);
      if (stop()) throw new ZooKeeperError('TIMEOUT', 'no longer wanted', this.#folder);
      try {
        if (this.#doubtful) this.#name = await this.#find();
        if (missing === 2) await this.#zk.createParents(this.#folder);
        this.#name ??= await this.#create(missing > 0);
      } catch (error) {
        if (hasCode(error, 'CONNECTION_LOSS')) this.#doubtful = true;
        const again = hasCode(
          error,
          'CONNECTION_LOSS',
          'SESSION_EXPIRED',
          'TIMEOUT',
          'NO_NODE',
          'NODE_EXISTS',
        );
        if (!again || tries === TRIES) throw error;
        if (error.code === 'NO_NODE') missing = Math.min(missing + 1, 2);
        if (error.code === 'NODE_EXISTS') missing = 0; // somebody else made the folder
      }
    }
  }

  /** The node turned out to be gone: the next place() makes another. */
  forget(): void {
    this.#name = null;
  }

  /**
   * Takes the node away, however often it must be asked: a node of a session that lives would stand in others' way
   * for good. Ends when the node cannot be there any more.
   * @returns whether it was there until now
   */
  async remove(): Promise<boolean> {
    const session = this.#zk.sessionId;
    let found = false;
    for (let tries = 0; ; tries++) {
      try {
        await untilConnected(this.#zk);
        if (this.#zk.sessionId !== session) return false; // it went with its session
        if (this.#name !== null) found = (await this.#drop(this.#name)) || found;
        if (this.#doubtful) for (const name of await this.#all()) await this.#drop(name);
        this.#name = null;
        this.#doubtful = false;
        return found;
      } catch (error) {
        if (hasCode(error, 'CLOSED', 'SESSION_EXPIRED')) return false;
        if (!hasCode(error, 'CONNECTION_LOSS', 'TIMEOUT', 'QUEUE_FULL')) throw error;
        // Gone at the next try: most likely this one took it away.
        if (error.code === 'CONNECTION_LOSS') found = true;
        await this.#pause(Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries));
      }
    }
  }

  /** @param withFolder the folder is missing: both at once, so that nobody can remove it in between as empty */
  async #create(withFolder: boolean): Promise<string> {
    const session = BigInt.asUintN(64, this.#zk.sessionId).toString(16);
    const path = `${this.#folder}/${this.#guid}-${session}-${this.#kind}-`;
    const options = { ephemeral: true, sequential: true };
    let created: string;
    if (withFolder) {
      const results = await this.#zk.multi([
        { type: 'create', path: this.#folder },
        { type: 'create', path, data: this.#data, ...options },
      ]);
      created = results[1]!.path!;
    } else created = await this.#zk.create(path, this.#data, options);
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

  /** @returns false if it was not there */
  async #drop(name: string): Promise<boolean> {
    try {
      await this.#zk.remove(`${this.#folder}/${name}`, -1);
      return true;
    } catch (error) {
      if (!hasCode(error, 'NO_NODE')) throw error;
      return false;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#zk.clock.after(ms, resolve);
    });
  }
}
