// Simulated clients: they connect to any router, send commands one by one or in pipelines, and write down what they
// saw. What a client did not learn, because the connection broke or the router said UNCERTAIN, is written as unknown.
import type { Address, Conn } from '../../src/net/host.js';
import { encodeCommand } from '../../src/resp/index.js';
import type { SimHost } from './host.js';
import type { Ordered } from './in-order.js';
import type { Recorder, Recording, RedisOutput } from './linearizability/index.js';
import { ReplyReader } from './replies.js';
import { type Command, commandOn, type Family } from './workload.js';
import { Violation } from './world.js';

/** Errors after which nothing was executed. */
const REFUSALS = /^(TIMEOUT|NOREPLICAS|BUSY|CLUSTERDOWN|GROUPLOST|ERR internal error: nothing was changed)\b/;
const UNKNOWN = /^UNCERTAIN\b/;
const RECONNECT_MS = 20;

export interface ClientPlan {
  name: string;
  /** Unanswered commands at most. */
  depth: number;
  /** Mean pause between bursts, ms. */
  think: number;
  /** Speaks RESP3. */
  modern: boolean;
  /** Commands in all. */
  quota: number;
  families: Family[];
  /** Commands of a connection whose keys have this in common must take effect in order. */
  lineOf(key: string): number | string;
}

interface Sent {
  /** Its reply says nothing that is judged. */
  free?: boolean;
  recording: Recording<RedisOutput> | null;
  words: readonly string[];
}

/** Key of a database as the history names it. */
export const qualified = (db: number, name: string): string => (db === 0 ? name : `${db}/${name}`);

export class SimClient {
  private conn: Conn | null = null;
  private reader = new ReplyReader();
  private waiting: Sent[] = [];
  private db = 0;
  private issued = 0;
  private values = 0;
  private connections = 0;
  private sent = 0;
  private asleep = false;
  /** What is read in the end. */
  private last: Family[] = [];
  answered = 0;
  /** Outcomes that stayed unknown. */
  unknown = 0;
  refused = 0;
  /** Of these, because a group had lost every member in sync. */
  lost = 0;

  constructor(
    private readonly host: SimHost,
    private readonly plan: ClientPlan,
    private readonly router: () => Address,
    private readonly recorder: Recorder<Ordered, RedisOutput>,
    private readonly random = host.world.random.fork(),
  ) {
    this.pause();
  }

  /** Nothing is under way and nothing is left to be asked. */
  get idle(): boolean {
    return this.waiting.length === 0 && this.issued >= this.plan.quota && this.last.length === 0;
  }
  /** What it waits for, for people. */
  get state(): string {
    return `${this.plan.name}: ${this.issued}/${this.plan.quota}, waits for ${this.waiting.map(({ words }) => words.join(' ')).join('; ') || 'nothing'}`;
  }

  /** No more of the plan; only this: reading every key once. */
  finish(): void {
    this.issued = this.plan.quota;
    this.last = [...this.plan.families];
    if (this.asleep) this.pause();
  }
  /** Its connection, if it has one, is lost. */
  get connection(): Conn | null {
    return this.conn;
  }

  private pause(): void {
    const { think, quota } = this.plan;
    // Nothing is left to be said: finish() may wake it.
    this.asleep = this.issued >= quota && this.last.length === 0;
    if (this.asleep) return;
    this.host.after(this.random.between(0, 2 * think), () => this.act());
  }

  private act(): void {
    if (this.conn === null) this.open();
    else {
      const out: Buffer[] = [];
      let room = this.plan.depth - this.waiting.length;
      if (room > 0 && this.plan.depth > 1) room = 1 + this.random.below(room);
      while (room-- > 0) this.issue(out);
      if (out.length > 0) this.conn.write(Buffer.concat(out));
    }
    this.pause();
  }

  private issue(out: Buffer[]): void {
    const last = this.last.shift();
    if (last !== undefined) {
      for (const name of last.keys) this.send(out, last, { words: ['GET', name], keys: [1] });
      return;
    }
    if (this.issued >= this.plan.quota) return;
    this.issued++;
    const family = this.random.weighted(this.plan.families.map((each) => [each.weight, each] as const));
    this.send(out, family, commandOn(family, this.random, `${this.plan.name}${++this.values}`));
  }

  private send(out: Buffer[], family: Family, { words, keys }: Command): void {
    const { db } = family;
    if (db !== this.db) {
      this.db = db;
      this.waiting.push({ recording: null, words: ['SELECT', String(db)] });
      out.push(encodeCommand(['SELECT', db]));
    }
    if (family.volatile) {
      this.waiting.push({ recording: null, words, free: true });
      out.push(encodeCommand(words));
      return;
    }
    const named = words.map((word, i) => (keys.includes(i) ? qualified(db, word) : word));
    const { name, depth, families, lineOf } = this.plan;
    const prefix = `(${name}.${this.connections}/${families.indexOf(family)}`;
    const lines = new Set(keys.map((i) => lineOf(words[i]!)));
    const pipelines = [...lines].map((line) => `${prefix}/${line})`);
    const place = depth > 1 ? { pipelines, index: this.sent++ } : null;
    const recording = this.recorder.call(this.plan.name, { words: named, place });
    this.waiting.push({ recording, words: named });
    out.push(encodeCommand(words));
  }

  private open(): void {
    this.reader = new ReplyReader();
    this.db = 0;
    this.connections++;
    const conn = this.host.connect(this.router(), {
      data: (chunk) => {
        this.reader.feed(chunk);
        for (let reply = this.reader.next(); reply !== undefined; reply = this.reader.next())
          this.take(reply);
      },
      closed: () => {
        this.conn = null;
        for (const { recording } of this.waiting.splice(0)) {
          if (recording === null) continue;
          recording.unknown();
          this.unknown++;
        }
        this.host.after(RECONNECT_MS, () => {
          if (this.conn === null) this.open();
        });
      },
    });
    this.conn = conn;
    if (this.plan.modern) {
      this.waiting.push({ recording: null, words: ['HELLO', '3'] });
      conn.write(encodeCommand(['HELLO', 3]));
    }
  }

  private take(reply: RedisOutput): void {
    const sent = this.waiting.shift();
    if (sent === undefined) throw new Violation(`${this.plan.name} got a reply to nothing`);
    const error = typeof reply === 'object' && reply !== null && 'error' in reply ? reply.error : '';
    this.host.world.trace(this.plan.name, `${sent.words.join(' ')} = ${JSON.stringify(reply)}`);
    if (sent.recording === null) {
      if (error !== '' && !sent.free) throw new Violation(`${sent.words.join(' ')} failed: ${error}`);
      return;
    }
    if (UNKNOWN.test(error)) {
      sent.recording.unknown();
      this.unknown++;
    } else if (REFUSALS.test(error)) {
      sent.recording.refused();
      this.refused++;
      if (error.startsWith('GROUPLOST')) this.lost++;
    } else {
      sent.recording.done(reply);
      this.answered++;
    }
  }
}
