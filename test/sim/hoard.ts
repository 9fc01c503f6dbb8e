// A client with collections of its own, of every type, that grow beyond what goes in one message, and shrink, while groups
// come and go: each read must show everything that was acknowledged, once, in order where there is one, and nothing that
// was never asked for, or was taken away. Not for runs in which a group is lost.
import type { Address } from '../../src/net/host.js';
import type { SimHost } from './host.js';
import type { RedisOutput } from './linearizability/index.js';
import { hardship, Questions, type QuestionsOwner } from './questions.js';
import { Violation } from './world.js';

interface Kind {
  add(key: string, items: readonly number[]): string[];
  /** Takes one element away. */
  remove(key: string, n: number): string[];
  read(key: string): string[];
  /** Elements in a reply, in its order. */
  items(reply: readonly string[]): { n: number; good: boolean }[];
  ordered: boolean;
}

const twos = (reply: readonly string[], good: (n: number, other: string) => boolean) =>
  reply.flatMap((each, i) =>
    i % 2 === 0 ? [{ n: Number(each), good: good(Number(each), reply[i + 1] ?? '') }] : [],
  );
const ones = (reply: readonly string[]) => reply.map((each) => ({ n: Number(each), good: true }));

const KINDS: readonly Kind[] = [
  {
    add: (key, items) => ['RPUSH', key, ...items.map(String)],
    remove: (key, n) => ['LREM', key, '0', String(n)],
    read: (key) => ['LRANGE', key, '0', '-1'],
    items: ones,
    ordered: true,
  },
  {
    add: (key, items) => ['SADD', key, ...items.map(String)],
    remove: (key, n) => ['SREM', key, String(n)],
    read: (key) => ['SMEMBERS', key],
    items: ones,
    ordered: false,
  },
  {
    add: (key, items) => ['HSET', key, ...items.flatMap((n) => [String(n), `v${n}`])],
    remove: (key, n) => ['HDEL', key, String(n)],
    read: (key) => ['HGETALL', key],
    items: (reply) => twos(reply, (n, value) => value === `v${n}`),
    ordered: false,
  },
  {
    add: (key, items) => ['ZADD', key, ...items.flatMap((n) => [String(n / 2), String(n)])],
    remove: (key, n) => ['ZREM', key, String(n)],
    read: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
    items: (reply) => twos(reply, (n, score) => Number(score) === n / 2),
    ordered: true,
  },
];

export interface HoardPlan {
  name: string;
  db: number;
  /** Key i holds a collection of the type i mod 4. */
  keys: readonly string[];
  /** Mean pause between commands, ms. */
  think: number;
}

/** Elements of one collection at most. */
const MOST = 60;

interface Collection {
  kind: Kind;
  /** Element -> whether it is there for sure; false: it may be, or come or go yet. */
  items: Map<number, boolean>;
}

export class Hoard implements QuestionsOwner {
  readonly questions: Questions;
  private readonly collections = new Map<string, Collection>();
  private count = 0;
  private finishing = false;
  private left: string[] = [];
  /** Reads that were checked. */
  checked = 0;

  constructor(
    private readonly host: SimHost,
    private readonly plan: HoardPlan,
    readonly router: () => Address,
    private readonly random = host.world.random.fork(),
  ) {
    plan.keys.forEach((key, i) => {
      this.collections.set(key, { kind: KINDS[i % KINDS.length]!, items: new Map() });
    });
    this.questions = new Questions(host, this);
    this.later();
  }

  get name(): string {
    return this.plan.name;
  }
  get db(): number {
    return this.plan.db;
  }
  get idle(): boolean {
    return this.finishing && this.left.length === 0 && this.questions.under === null;
  }
  get state(): string {
    return `${this.name} waits for ${this.questions.under?.join(' ') ?? 'nothing'}`;
  }

  /** No more writes: each collection is read once more. */
  finish(): void {
    this.finishing = true;
    this.left = [...this.plan.keys];
  }

  answered(asked: readonly string[], reply: RedisOutput): void {
    const key = asked[1]!;
    const { kind, items } = this.collections.get(key)!;
    const error = hardship(this.name, asked, reply);
    const read = asked[0] === kind.read(key)[0];
    if (error !== null) {
      if (read) return this.again(key);
      const certain = !error.startsWith('UNCERTAIN');
      const removed = removedBy(kind, asked);
      // Nothing was executed, or perhaps it was.
      if (removed !== null) items.set(removed, certain);
      else if (certain) for (const n of addedBy(kind, asked)) items.delete(n);
    } else if (removedBy(kind, asked) !== null) items.delete(removedBy(kind, asked)!);
    else if (read) this.check(kind, items, asked, reply as string[]);
    else for (const n of addedBy(kind, asked)) items.set(n, true);
  }
  lost(asked: readonly string[]): void {
    if (asked[0] === this.collections.get(asked[1]!)!.kind.read('')[0]) this.again(asked[1]!);
  }
  private again(key: string): void {
    if (this.finishing) this.left.unshift(key);
  }

  private later(): void {
    this.host.after(this.random.between(0, 2 * this.plan.think), () => {
      if (this.questions.free && !this.idle && !(this.finishing && this.left.length === 0))
        this.questions.ask(this.next());
      if (!this.idle) this.later();
    });
  }

  private next(): string[] {
    const { random, plan, finishing } = this;
    const key = finishing ? this.left.shift()! : random.pick(plan.keys);
    const { kind, items } = this.collections.get(key)!;
    if (finishing || random.chance(0.35)) return kind.read(key);
    const sure = [...items].flatMap(([n, there]) => (there ? [n] : []));
    if (sure.length > 0 && (items.size >= MOST || random.chance(0.3))) {
      const n = random.pick(sure);
      items.set(n, false);
      return kind.remove(key, n);
    }
    if (items.size >= MOST) return kind.read(key);
    const fresh = Array.from({ length: 1 + random.below(6) }, () => ++this.count);
    for (const n of fresh) items.set(n, false);
    return kind.add(key, fresh);
  }

  private check(kind: Kind, items: Map<number, boolean>, asked: readonly string[], reply: string[]): void {
    const wrong = (what: string) =>
      new Violation(`${this.name}: ${what}: ${asked.join(' ')} = ${JSON.stringify(reply)}`);
    const seen = new Set<number>();
    let last = 0;
    for (const { n, good } of kind.items(reply)) {
      if (!good || !items.has(n)) throw wrong(`${n} never was so, or no more`);
      if (seen.has(n)) throw wrong(`${n} is there twice`);
      // What was uncertain may come late, and then anywhere.
      if (kind.ordered && items.get(n) && n < last) throw wrong(`${n} stands behind ${last}`);
      if (items.get(n)) last = n;
      seen.add(n);
    }
    for (const [n, acknowledged] of items)
      if (acknowledged && !seen.has(n)) throw wrong(`${n} was acknowledged, and is missing`);
    this.checked++;
  }
}

/** The element that a command takes away; null: it takes none. */
function removedBy(kind: Kind, asked: readonly string[]): number | null {
  return asked[0] === kind.remove('', 0)[0] ? Number(asked.at(-1)) : null;
}

/** The elements that a command adds. */
function addedBy(kind: Kind, asked: readonly string[]): number[] {
  return kind === KINDS[2] || kind === KINDS[3]
    ? asked.slice(2).flatMap((each, i) => ((i % 2 === 0) === (kind === KINDS[2]) ? [Number(each)] : []))
    : asked.slice(2).map(Number);
}
