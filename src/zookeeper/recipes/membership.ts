// Membership: an ephemeral node that says "I am here", registered again after every loss of the session.
// Serves discovery only (R5): who may lead is never decided here. Never deletes a node of another session.
import type { ZooKeeper } from '../client.js';
import { hasCode } from '../errors.js';
import { Gate, Loop } from './loop.js';

/** Keeps `<parent>/<id>` registered while the client has a session. */
export class Membership<T extends { id: string }> {
  readonly #zk: ZooKeeper;
  readonly #parent: string;
  readonly #path: string;
  readonly #loop: Loop;
  #json: string;
  /** What is known to be stored, and in which node. */
  #stored: { czxid: bigint; json: string } | null = null;
  #owner = 0n;
  #taken = false;
  #stopped = false;
  readonly #first: Gate;

  /** @param info what others see, as JSON; its id names the node and must be unique to this start of the process */
  constructor(zk: ZooKeeper, parent: string, info: T) {
    this.#zk = zk;
    this.#first = new Gate(zk);
    this.#parent = parent;
    this.#path = `${parent}/${info.id}`;
    this.#json = JSON.stringify(info);
    this.#loop = new Loop(zk, `membership ${this.#path}`, () => this.#step());
  }

  /** Whether the node is known to be there now. */
  get registered(): boolean {
    return this.#owner !== 0n && this.#owner === this.#zk.sessionId && this.#zk.state === 'connected';
  }

  /** Starts; resolves when registered for the first time. */
  start(): Promise<void> {
    this.#loop.kick();
    return this.#first.wait();
  }

  /** Changes what others see. The id stays. */
  update(info: T): void {
    this.#json = JSON.stringify(info);
    this.#loop.kick();
  }

  /** Takes the node away, if it can, and stops. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#first.stop();
    await this.#loop.stop();
    this.#zk.unwatch(this.#path, this.#loop.kick);
    if (!this.registered) return;
    this.#owner = 0n;
    try {
      await this.#zk.remove(this.#path, -1);
    } catch (error) {
      // Gone already, or it goes with the session.
      if (!hasCode(error, 'NO_NODE', 'CONNECTION_LOSS', 'SESSION_EXPIRED', 'TIMEOUT', 'CLOSED')) throw error;
    }
  }

  async #step(): Promise<void> {
    const session = this.#zk.sessionId;
    // The watch tells when the node is taken away, or when another session's node has made room.
    const stat = await this.#zk.exists(this.#path, this.#loop.kick);
    const json = this.#json;
    if (stat === null) {
      this.#owner = 0n;
      await this.#create(json);
    } else if (stat.ephemeralOwner !== session) {
      this.#owner = 0n;
      if (!this.#taken) this.#zk.log.warn({ path: this.#path }, 'another session holds this member id');
      this.#taken = true;
    } else {
      if (this.#stored?.czxid !== stat.czxid || this.#stored.json !== json) {
        await this.#zk.set(this.#path, json, -1);
        this.#stored = { czxid: stat.czxid, json };
      }
      this.#taken = false;
      this.#owner = session;
      this.#first.open();
    }
  }

  /** Whatever comes of it, the watch or the next step looks at the result. */
  async #create(json: string): Promise<void> {
    try {
      await this.#zk.create(this.#path, json, { ephemeral: true });
    } catch (error) {
      if (hasCode(error, 'NO_NODE')) await this.#zk.ensure(this.#parent);
      else if (!hasCode(error, 'NODE_EXISTS')) throw error;
      this.#loop.kick();
    }
  }
}
