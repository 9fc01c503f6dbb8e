// A live view of the members under a node: who is registered, what they say, in the order of registration.
// Keeps what it last knew while disconnected; `current` says whether that may be trusted.
import type { ZooKeeper } from '../client.js';
import { hasCode } from '../errors.js';
import type { Stat } from '../types.js';
import { Gate, Loop, tell } from './loop.js';

/** One registered member. */
export interface Member<T> {
  id: string;
  info: T;
  /** Order of registration. */
  czxid: bigint;
}

/** Children read at a time, so that a large membership leaves room in the client's queue. */
const AT_A_TIME = 32;

/** Watches `<parent>/*`; creates the parent if it is missing. */
export class MembershipView<T> {
  readonly #zk: ZooKeeper;
  readonly #parent: string;
  readonly #onChange: (members: readonly Member<T>[]) => void;
  readonly #loop: Loop;
  #members: readonly Member<T>[] = [];
  #seen = '';
  #readIn = 0n;
  #watched = new Set<string>();
  readonly #first: Gate;

  /** @param onChange told of every change after `start()`, the first reading included */
  constructor(zk: ZooKeeper, parent: string, onChange: (members: readonly Member<T>[]) => void = () => {}) {
    this.#zk = zk;
    this.#first = new Gate(zk);
    this.#parent = parent;
    this.#onChange = onChange;
    this.#loop = new Loop(zk, `members of ${parent}`, () => this.#step());
  }

  /** The members last read, earliest registered first. */
  get members(): readonly Member<T>[] {
    return this.#members;
  }
  /** False while disconnected, and until the session has read the members. */
  get current(): boolean {
    return this.#zk.state === 'connected' && this.#readIn !== 0n && this.#readIn === this.#zk.sessionId;
  }

  /** Starts; resolves after the first reading. */
  start(): Promise<void> {
    this.#loop.kick();
    return this.#first.wait();
  }

  /** Ends it; no change is told afterwards. */
  async stop(): Promise<void> {
    this.#first.stop();
    await this.#loop.stop();
    this.#zk.unwatch(this.#parent, this.#loop.kick);
    for (const path of this.#watched) this.#zk.unwatch(path, this.#loop.kick);
  }

  async #step(): Promise<void> {
    const session = this.#zk.sessionId;
    const names = await this.#names();
    const found: { member: Member<T>; stat: Stat }[] = [];
    for (let at = 0; at < names.length; at += AT_A_TIME) {
      const some = await Promise.all(names.slice(at, at + AT_A_TIME).map((name) => this.#read(name)));
      for (const one of some) if (one !== null) found.push(one);
    }
    found.sort((a, b) => (a.member.czxid < b.member.czxid ? -1 : 1));
    const seen = found.map(({ member, stat }) => `${member.id} ${stat.mzxid}`).join('\n');
    const first = this.#readIn === 0n;
    this.#readIn = session;
    if (first || seen !== this.#seen) {
      this.#seen = seen;
      this.#members = found.map(({ member }) => member);
      tell(this.#zk, `members of ${this.#parent}`, () => this.#onChange(this.#members));
    }
    this.#first.open();
  }

  async #names(): Promise<string[]> {
    try {
      return (await this.#zk.children(this.#parent, this.#loop.kick)).names;
    } catch (error) {
      if (!hasCode(error, 'NO_NODE')) throw error;
      await this.#zk.ensure(this.#parent);
      return (await this.#zk.children(this.#parent, this.#loop.kick)).names;
    }
  }

  async #read(name: string): Promise<{ member: Member<T>; stat: Stat } | null> {
    const path = `${this.#parent}/${name}`;
    try {
      const { data, stat } = await this.#zk.get(path, this.#loop.kick);
      this.#watched.add(path);
      return { member: { id: name, info: JSON.parse(data.toString()) as T, czxid: stat.czxid }, stat };
    } catch (error) {
      this.#watched.delete(path);
      if (hasCode(error, 'NO_NODE')) return null;
      if (!(error instanceof SyntaxError)) throw error;
      this.#zk.log.warn({ path }, 'a member that is no JSON is left out');
      return null;
    }
  }
}
