// A client's connection that asks one question at a time, in one database, and is made anew when it is lost. Must never
// ask a question twice by itself: whether a lost one was answered is for its owner.
import type { Address, Conn } from '../../src/net/host.js';
import { encodeCommand } from '../../src/resp/index.js';
import type { SimHost } from './host.js';
import type { RedisOutput } from './linearizability/index.js';
import { ReplyReader } from './replies.js';
import { Violation } from './world.js';

const AGAIN_MS = 20;

/** Who asks. */
export interface QuestionsOwner {
  readonly name: string;
  readonly db: number;
  router(): Address;
  answered(asked: readonly string[], reply: RedisOutput): void;
  /** The connection is gone, and with it the answer. */
  lost(asked: readonly string[]): void;
}

export class Questions {
  private conn: Conn | null = null;
  private reader = new ReplyReader();
  private asked: readonly string[] | null = null;
  /** Nothing more is asked for a while. */
  resting = false;

  constructor(
    private readonly host: SimHost,
    private readonly owner: QuestionsOwner,
  ) {
    this.open();
  }

  /** Whether the next one may be asked. */
  get free(): boolean {
    return !this.resting && this.asked === null && this.conn !== null;
  }
  /** What is under way. */
  get under(): readonly string[] | null {
    return this.asked;
  }

  ask(words: readonly string[]): void {
    this.asked = words;
    this.conn!.write(encodeCommand(words));
  }

  private take(reply: RedisOutput): void {
    const { asked, owner } = this;
    if (asked === null) throw new Violation(`${owner.name} got a reply to nothing`);
    this.asked = null;
    this.host.world.trace(owner.name, `${asked.join(' ')} = ${JSON.stringify(reply)}`);
    if (asked[0] !== 'SELECT') owner.answered(asked, reply);
  }

  private open(): void {
    this.reader = new ReplyReader();
    const conn = this.host.connect(this.owner.router(), {
      data: (chunk) => {
        if (this.conn !== conn) return;
        this.reader.feed(chunk);
        for (let reply = this.reader.next(); reply !== undefined; reply = this.reader.next())
          this.take(reply);
      },
      closed: () => {
        this.conn = null;
        const { asked } = this;
        this.asked = null;
        if (asked !== null && asked[0] !== 'SELECT') this.owner.lost(asked);
        this.host.after(AGAIN_MS, () => {
          if (this.conn === null) this.open();
        });
      },
    });
    this.conn = conn;
    this.ask(['SELECT', String(this.owner.db)]);
  }
}

/** The error in a reply, which a client may meet in a run in which no group is lost; null: it is none. @throws Violation */
export function hardship(name: string, asked: readonly string[], reply: RedisOutput): string | null {
  if (typeof reply !== 'object' || reply === null || !('error' in reply)) return null;
  if (!/^(UNCERTAIN|TIMEOUT|NOREPLICAS|BUSY|CLUSTERDOWN|ERR internal error)\b/.test(reply.error))
    throw new Violation(`${name}: ${asked.join(' ')} failed: ${reply.error}`);
  return reply.error;
}
