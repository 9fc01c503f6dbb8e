// Leader election: the contender with the lowest sequence number leads; each watches only the one before it.
// Leadership pauses as soon as the client is not `connected` (R6's spirit: act on nothing that depends on ZooKeeper).
import type { ZooKeeper } from '../client.js';
import { Gate, Loop, tell } from './loop.js';
import { contenders, OwnNode } from './own-node.js';

/** Takes part in an election until stopped. */
export class Election {
  readonly #zk: ZooKeeper;
  readonly #folder: string;
  readonly #node: OwnNode;
  readonly #loop: Loop;
  readonly #onChange: (leader: boolean, token: string | null) => void;
  readonly #unsubscribe: () => void;
  #token: string | null = null;
  #ahead: string | null = null;
  readonly #first: Gate;

  /**
   * @param folder where the contenders' nodes are; created if missing
   * @param id stored in our node, for people who look
   * @param onChange told when we begin to lead (with a fencing token that grows from leader to leader) and cease to
   */
  constructor(
    zk: ZooKeeper,
    folder: string,
    id: string,
    onChange: (leader: boolean, token: string | null) => void = () => {},
  ) {
    this.#zk = zk;
    this.#first = new Gate(zk);
    this.#folder = folder;
    this.#onChange = onChange;
    this.#node = new OwnNode(zk, folder, 'LEADER', id);
    this.#loop = new Loop(zk, `election ${folder}`, () => this.#step());
    this.#unsubscribe = zk.onState((state) => {
      if (state !== 'connected') this.#become(null);
      if (state === 'lost') this.#node.forget();
    });
  }

  /** Whether we lead now. */
  get isLeader(): boolean {
    return this.#token !== null && this.#zk.state === 'connected';
  }
  /** The fencing token, decimal, while we lead. */
  get token(): string | null {
    return this.isLeader ? this.#token : null;
  }

  /** Starts; resolves once we stand for election. */
  start(): Promise<void> {
    this.#loop.kick();
    return this.#first.wait();
  }

  /** Stops leading, tells so, and takes our node away, if there is a connection. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#become(null);
    this.#first.stop();
    await this.#loop.stop();
    this.#become(null);
    this.#unwatch();
    const removal = this.#node.remove();
    // Without a connection the node goes later, or with its session; nobody should wait for that.
    if (this.#zk.state === 'connected') await removal;
    else removal.catch(() => {});
  }

  async #step(): Promise<void> {
    const own = await this.#node.place();
    const { names } = await this.#zk.children(this.#folder);
    const line = contenders(names);
    const place = line.findIndex(({ name }) => name === own);
    // Our own node is watched, too: somebody may delete it.
    const stat = await this.#zk.exists(this.#node.path, this.#loop.kick);
    if (place === -1 || stat === null || stat.ephemeralOwner !== this.#zk.sessionId) {
      this.#become(null);
      this.#node.forget();
      this.#loop.kick();
      return;
    }
    this.#first.open();
    if (place === 0) {
      if (this.#zk.state === 'connected') this.#become(String(stat.czxid));
      return;
    }
    this.#become(null);
    this.#unwatch();
    this.#ahead = `${this.#folder}/${line[place - 1]!.name}`;
    if ((await this.#zk.exists(this.#ahead, this.#loop.kick)) === null) this.#loop.kick();
  }

  #unwatch(): void {
    if (this.#ahead !== null) this.#zk.unwatch(this.#ahead, this.#loop.kick);
    this.#ahead = null;
  }

  #become(token: string | null): void {
    if (this.#token === token) return;
    this.#token = token;
    tell(this.#zk, `election ${this.#folder}`, () => this.#onChange(token !== null, token));
  }
}
