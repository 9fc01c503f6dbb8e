// A client that counts: keys of a database of its own, all there from a moment on, are written and so moved from group
// to group; meanwhile SCAN must return every one of them, and DBSIZE, KEYS and RANDOMKEY must say what is there. Not
// for runs in which a group is lost.
import type { Address } from '../../src/net/host.js';
import type { SimHost } from './host.js';
import type { RedisOutput } from './linearizability/index.js';
import { hardship, Questions, type QuestionsOwner } from './questions.js';
import { Violation } from './world.js';

export interface CensusPlan {
  name: string;
  db: number;
  keys: readonly string[];
  /** Mean pause between commands, ms. */
  think: number;
  /** It only writes, for another one to count. */
  writes: boolean;
  /** It reads single keys more than anything else. */
  reads: boolean;
}

export class Census implements QuestionsOwner {
  readonly questions: Questions;
  /** Keys that are known to be there. */
  private readonly there = new Set<string>();
  /** Position of the SCAN under way, and what it has returned; null: none is. */
  private scan: { cursor: string; found: Set<string> } | null = null;
  private values = 0;
  private finishing = false;
  /** Answers that were checked since finish(), and in all. */
  private left: string[] = [];
  checked = 0;

  constructor(
    private readonly host: SimHost,
    private readonly plan: CensusPlan,
    readonly router: () => Address,
    private readonly random = host.world.random.fork(),
  ) {
    this.questions = new Questions(host, this);
    this.later();
  }

  get name(): string {
    return this.plan.name;
  }
  get db(): number {
    return this.plan.db;
  }

  /** No more writes: one of each question, and then it is over. */
  finish(): void {
    this.finishing = true;
    this.left = this.plan.writes ? [] : ['SCAN', 'DBSIZE', 'KEYS', 'RANDOMKEY'];
  }
  get idle(): boolean {
    return this.finishing && this.left.length === 0 && this.questions.under === null && this.scan === null;
  }
  get state(): string {
    return `${this.plan.name} waits for ${this.questions.under?.join(' ') ?? 'nothing'}`;
  }

  private later(): void {
    this.host.after(this.random.between(0, 2 * this.plan.think), () => {
      if (this.questions.free && !this.idle) this.questions.ask(this.next());
      if (!this.idle) this.later();
    });
  }

  private next(): string[] {
    const { random, plan, scan, there } = this;
    const absent = plan.keys.find((key) => !there.has(key));
    if (absent !== undefined) return ['SET', absent, `v${++this.values}`];
    if (scan !== null) return ['SCAN', scan.cursor, 'COUNT', String(1 + random.below(3))];
    const what = this.finishing
      ? this.left.shift()!
      : plan.writes
        ? random.pick(['APPEND', 'SET'])
        : random.weighted([
            [3, 'APPEND'],
            [1, 'SET'],
            [2, 'SCAN'],
            [2, 'DBSIZE'],
            [1, 'KEYS'],
            [1, 'RANDOMKEY'],
            [plan.reads ? 10 : 0, 'GET'],
          ] as const);
    switch (what) {
      case 'APPEND':
      case 'SET':
        return [what, random.pick(plan.keys), `v${++this.values}`];
      case 'SCAN':
        this.scan = { cursor: '0', found: new Set() };
        return ['SCAN', '0', 'COUNT', String(1 + random.below(3))];
      case 'GET':
        return ['GET', random.pick(plan.keys)];
      case 'KEYS':
        return ['KEYS', '*'];
      default:
        return [what];
    }
  }

  answered(asked: readonly string[], reply: RedisOutput): void {
    const [name, key] = asked;
    if (hardship(this.name, asked, reply) !== null) {
      // Said again: a SCAN goes on where it was.
      if (this.finishing && this.scan === null && name !== 'SET') this.left.unshift(name!);
      return;
    }
    if (name === 'SET') this.there.add(key!);
    else if (name !== 'APPEND') this.check(name!, asked, reply);
  }

  private check(name: string, asked: readonly string[], reply: RedisOutput): void {
    const { keys } = this.plan;
    const wrong = (what: string) =>
      new Violation(`${name} while keys move: ${what}: ${asked.join(' ')} = ${JSON.stringify(reply)}`);
    const stray = (found: readonly RedisOutput[]) => found.find((each) => !keys.includes(each as string));
    if (name === 'SCAN') {
      const [cursor, found] = reply as [string, string[]];
      const { scan } = this;
      for (const each of found) scan!.found.add(each);
      scan!.cursor = cursor;
      if (stray(found) !== undefined) throw wrong('a key that never was');
      if (cursor !== '0') return;
      this.scan = null;
      const missed = keys.find((each) => !scan!.found.has(each));
      if (missed !== undefined) throw wrong(`missed ${missed}`);
    } else if (name === 'DBSIZE') {
      if (reply !== keys.length) throw wrong(`there are ${keys.length}`);
    } else if (name === 'KEYS') {
      const found = reply as string[];
      if (found.length !== keys.length || new Set(found).size !== found.length || stray(found) !== undefined)
        throw wrong(`there are ${keys.join(' ')}`);
    } else if (name === 'GET') {
      if (reply === null) throw wrong('it is there');
    } else if (stray([reply]) !== undefined) throw wrong('no key of this database');
    this.checked++;
  }

  lost([name]: readonly string[]): void {
    if (this.finishing && this.scan === null && ['DBSIZE', 'KEYS', 'RANDOMKEY'].includes(name ?? ''))
      this.left.unshift(name!);
  }
}
