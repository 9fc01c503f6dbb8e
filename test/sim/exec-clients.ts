// Simulated clients of MULTI, EXEC and WATCH. Accounts: amounts go from one to another, by blind transactions, and by
// WATCH, MGET, MULTI, SET, SET, EXEC, which loses or makes money if WATCH misses a change; whoever reads all of them
// must see the whole sum. Counters: watched increments among plain ones. What a client did not learn is unknown.
import type { Address, Conn } from '../../src/net/host.js';
import { type Argument, encodeCommand } from '../../src/resp/index.js';
import type { Action, Answers, Step } from './exec-model.js';
import type { SimHost } from './host.js';
import type { Recorder, Recording, RedisOutput } from './linearizability/index.js';
import { ReplyReader } from './replies.js';
import { Violation } from './world.js';

/** Errors after which nothing was executed. */
const REFUSALS = /^(TRYAGAIN|TIMEOUT|NOREPLICAS|BUSY|CLUSTERDOWN|EXECABORT)\b/;
/** The database that trades places with the clients' own. */
export const OTHER = 5;
const RECONNECT_MS = 20;
const MOST = 30;

export interface ExecPlan {
  name: string;
  db: number;
  accounts: readonly string[];
  counters: readonly string[];
  /** What all accounts hold together. */
  sum: number;
  think: number;
  modern: boolean;
  /** Whether they swap databases. In each of them the accounts add up. */
  swaps: boolean;
  /** Whether they count all keys, which nobody deletes. */
  counts: boolean;
  /** Whether that one scans and sorts, too. */
  scans: boolean;
  quota: number;
}

/** What becomes of a reply. */
type Take = (reply: RedisOutput, error: string) => void;
interface Sent {
  words: string;
  take: Take;
  /** The connection was lost. */
  gave(): void;
}

function wordsOf(step: Step, db: number): Argument[] {
  if (step.op === 'get') return ['GET', step.key];
  if (step.op === 'add') return ['INCRBY', step.key, step.by];
  return step.op === 'set' ? ['SET', step.key, step.to] : ['SWAPDB', db, OTHER];
}
const numberOf = (reply: RedisOutput): number =>
  reply === 'OK' ? 1 : reply === null ? 0 : typeof reply === 'number' ? reply : Number(reply as string);

/** What the EXEC of one that counts answers; and of one that scans, too. */
type Counted = [number, string[], string, number, number, string[]];
type Scanned = [[string, string[]], string | null, number, (string | null)[]];

export class ExecClient {
  private conn: Conn | null = null;
  private reader = new ReplyReader();
  private waiting: Sent[] = [];
  private out: Buffer[] = [];
  private issued = 0;
  /** An EXEC follows when its client has thought about what it read. */
  private thinking = false;
  private final: 'no' | 'wanted' | 'read' = 'no';
  answered = 0;
  unknown = 0;
  refused = 0;
  /** EXECs that executed nothing since a watched key had changed, or might have. */
  nils = 0;
  /** Keys that were there when it counted last. */
  counted = 0;
  /** Watched ones that succeeded. */
  watched = 0;

  constructor(
    private readonly host: SimHost,
    private readonly plan: ExecPlan,
    private readonly router: () => Address,
    private readonly recorder: Recorder<Action, Answers>,
    private readonly random = host.world.random.fork(),
  ) {
    this.pause();
  }

  private get busy(): boolean {
    return this.waiting.length > 0 || this.thinking;
  }
  get idle(): boolean {
    return this.issued >= this.plan.quota && !this.busy && this.final !== 'wanted';
  }
  get state(): string {
    return `${this.plan.name}: ${this.issued}/${this.plan.quota}, waits for ${this.waiting.map(({ words }) => words).join('; ') || 'nothing'}`;
  }
  /** Everything is read once more. */
  finish(): void {
    this.issued = this.plan.quota;
    this.final = 'wanted';
    this.pause();
  }

  private pause(): void {
    if (this.idle) return;
    this.host.after(this.random.between(0, 2 * this.plan.think), () => {
      if (this.conn === null) this.open();
      else if (!this.busy) this.act();
      this.pause();
    });
  }

  // ---- what is done

  private act(): void {
    const { random, plan } = this;
    if (this.issued >= plan.quota) {
      if (this.final === 'wanted') this.readAll();
      return;
    }
    this.issued++;
    const { accounts, counters } = plan;
    const counter = random.pick(counters);
    const what = random.weighted([
      [4, 'transfer'],
      [4, 'watched transfer'],
      [2, 'read'],
      [3, 'watched increment'],
      [2, 'plain'],
      ...(plan.swaps ? ([[2, 'swap']] as const) : []),
      ...(plan.counts ? ([[4, 'count']] as const) : []),
    ] as const);
    switch (what) {
      case 'transfer':
        return this.transfer();
      case 'watched transfer':
        return this.guarded(this.two(accounts), ([a, b], [x, y]) => {
          const by = 1 + random.below(MOST);
          return [
            { op: 'set', key: a!, to: x! - by },
            { op: 'set', key: b!, to: y! + by },
          ];
        });
      case 'read':
        return this.readAll();
      case 'watched increment':
        return this.guarded([counter], ([key], [value]) => [{ op: 'set', key: key!, to: value! + 1 }]);
      case 'swap':
        return this.swap([...accounts, ...counters]);
      case 'count':
        return this.count();
      case 'plain':
        return this.plain(
          random.chance(0.5) ? { op: 'add', key: counter, by: 1 } : { op: 'get', key: counter },
        );
    }
  }

  /** SWAPDB by itself, or in a transaction in front of, or between, others that act on what came. */
  private swap(keys: readonly string[]): void {
    const { random } = this;
    const step: Step = { op: 'swap', keys };
    if (random.chance(0.6)) return this.plain(step);
    const [a, b] = this.two(this.plan.accounts);
    const by = 1 + random.below(MOST);
    const steps: Step[] = [
      { op: 'add', key: a!, by },
      { op: 'get', key: b! },
      step,
      { op: 'get', key: a! },
      { op: 'add', key: b!, by: -by },
      step,
      { op: 'add', key: b!, by: -by },
      step,
      { op: 'add', key: a!, by },
    ];
    this.multi({ guards: [], steps }, () => {});
    this.write();
  }

  /**
   * KEYS, SCAN and DBSIZE agree, each key is there once, what the EXEC itself makes and deletes counts in its turn, and a
   * SORT sees all accounts at one moment.
   */
  private count(): void {
    const { name, accounts, counters, scans } = this.plan;
    const mark = `${name}:${this.issued}`;
    const words = [['DBSIZE'], ['KEYS', '*'], ['SET', mark, '1'], ['DBSIZE'], ['DEL', mark], ['KEYS', mark]];
    if (scans) {
      words.push(['SCAN', '0', 'COUNT', '1000'], ['RANDOMKEY']);
      words.push(['RPUSH', mark, ...accounts], ['SORT', mark, 'BY', 'nosort', 'GET', '*'], ['DEL', mark]);
    }
    // Some that are there, and that it holds itself.
    for (const each of [['MULTI'], ...words, ['MGET', ...this.two(accounts)]]) this.send(each, IGNORED);
    const known = new Set([...accounts, ...counters]);
    const take: Take = (reply, error) => {
      if (error.startsWith('UNCERTAIN') || REFUSALS.test(error)) return;
      if (error !== '' || !Array.isArray(reply))
        throw new Violation(`${name}: ${error || JSON.stringify(reply)} for an EXEC that counts`);
      const [size, names, , more, , marks, ...rest] = reply as [...Counted, ...Scanned];
      const agree = names.length === size && new Set(names).size === size && more === size + 1;
      if (scans) this.scanned(names, rest);
      if (!agree || marks.length > 0 || names.some((key) => !known.has(key)) || size < this.counted)
        throw new Violation(`${name} counted ${JSON.stringify(reply)} after ${this.counted}`);
      this.counted = size;
    };
    this.send(['EXEC'], { take, gave: () => {} });
    this.write();
  }

  private scanned(names: string[], [[cursor, found], any, , amounts]: Scanned): void {
    const { name, sum } = this.plan;
    const same = cursor === '0' && [...found].sort().join() === [...names].sort().join();
    if (!same || (names.length === 0 ? any !== null : !names.includes(any!)))
      throw new Violation(`${name} counted ${names.join(' ')}, scanned ${found.join(' ')}, chose ${any}`);
    const all = amounts.reduce((total, amount) => total + Number(amount ?? 0), 0);
    if (all !== sum) throw new Violation(`${name} saw ${amounts.join(' ')}: ${all}, not ${sum}`);
  }

  private two(names: readonly string[]): string[] {
    const first = this.random.pick(names);
    return [first, this.random.pick(names.filter((name) => name !== first))];
  }

  private transfer(): void {
    const { random } = this;
    const [a, b] = this.two(this.plan.accounts);
    const by = 1 + random.below(MOST);
    const steps: Step[] = [
      { op: 'add', key: a!, by: -by },
      { op: 'add', key: b!, by },
    ];
    if (random.chance(0.3))
      steps.splice(random.below(3), 0, { op: 'get', key: random.pick(this.plan.accounts) });
    this.multi({ guards: [], steps }, () => {});
    // More in the same pipeline, which must come after it.
    if (random.chance(0.3)) this.plain({ op: 'get', key: a! });
    this.write();
  }

  /** Everything at once must add up. */
  private readAll(): void {
    const { plan, random } = this;
    const steps = plan.accounts.map((key): Step => ({ op: 'get', key }));
    const said = (answers: Answers) => {
      const sum = answers.reduce((all, each) => all + each, 0);
      if (sum !== plan.sum)
        throw new Violation(`${plan.name} saw ${answers.join(' ')}: ${sum}, not ${plan.sum}`);
      if (this.final === 'wanted') this.final = 'read';
    };
    if (random.chance(0.6)) this.multi({ guards: [], steps }, said);
    else this.send(['MGET', ...plan.accounts], this.judged({ guards: [], steps }, said));
    this.write();
  }

  private plain(step: Step): void {
    const action = { guards: [], steps: [step] };
    this.send(
      wordsOf(step, this.plan.db),
      this.judged(
        action,
        () => {},
        (reply) => [numberOf(reply)],
      ),
    );
    this.write();
  }

  /** WATCH, a look at the values, and an EXEC that counts on them. */
  private guarded(keys: string[], make: (keys: string[], values: number[]) => Step[]): void {
    let held = true;
    this.send(['WATCH', ...keys], {
      take: (_reply, error) => {
        if (error !== '') held = false;
      },
      gave: () => {},
    });
    const read: Action = { guards: [], steps: keys.map((key) => ({ op: 'get', key })) };
    let seen: Answers | null = null;
    const judged = this.judged(read, (answers) => {
      seen = answers;
    });
    this.send(['MGET', ...keys], {
      gave: judged.gave,
      take: (reply, error) => {
        judged.take(reply, error);
        if (!held || seen === null) {
          this.send(['UNWATCH'], IGNORED);
          return this.write();
        }
        const values = [...seen];
        this.thinking = true;
        this.host.after(this.random.between(0, this.plan.think), () => {
          this.thinking = false;
          // A new connection watches nothing.
          if (this.conn !== conn) return;
          const guards = keys.map((key, i) => ({ key, value: values[i]! }));
          this.multi({ guards, steps: make(keys, values) }, () => {
            this.watched++;
          });
          this.write();
        });
      },
    });
    const { conn } = this;
    this.write();
  }

  // ---- how

  private multi(action: Action, said: (answers: Answers) => void): void {
    this.send(['MULTI'], IGNORED);
    for (const step of action.steps) this.send(wordsOf(step, this.plan.db), IGNORED);
    this.send(['EXEC'], this.judged(action, said));
  }

  private judged(
    action: Action,
    said: (answers: Answers) => void,
    read = (reply: RedisOutput): number[] => (reply as RedisOutput[]).map(numberOf),
  ): { take: Take; gave(): void } {
    const recording: Recording<Answers> = this.recorder.call(this.plan.name, action);
    const gave = () => {
      recording.unknown();
      this.unknown++;
    };
    return {
      gave,
      take: (reply, error) => {
        if (error.startsWith('UNCERTAIN')) return gave();
        if (REFUSALS.test(error)) {
          recording.refused();
          this.refused++;
        } else if (error !== '') throw new Violation(`${this.plan.name}: an EXEC failed: ${error}`);
        else if (reply === null && action.steps.length !== 1) {
          if (action.guards.length === 0)
            throw new Violation(`${this.plan.name}: nil, and nothing was watched`);
          recording.refused();
          this.nils++;
        } else if (reply === null && action.guards.length > 0) {
          recording.refused();
          this.nils++;
        } else {
          const answers = read(reply);
          recording.done(answers);
          this.answered++;
          said(answers);
        }
      },
    };
  }

  private send(words: Argument[], { take, gave }: { take: Take; gave(): void }): void {
    this.waiting.push({ words: words.join(' '), take, gave });
    this.out.push(encodeCommand(words));
  }
  private write(): void {
    const { out, conn, random } = this;
    this.out = [];
    if (conn === null || out.length === 0) return;
    if (random.chance(0.7)) return void conn.write(Buffer.concat(out));
    // Command by command, so that a ring may change in the middle of a MULTI.
    const next = () => {
      const bytes = out.shift();
      if (bytes === undefined || this.conn !== conn) return;
      conn.write(bytes);
      this.host.after(random.between(0, 2), next);
    };
    next();
  }

  private open(): void {
    this.reader = new ReplyReader();
    const conn = this.host.connect(this.router(), {
      data: (chunk) => {
        this.reader.feed(chunk);
        for (let reply = this.reader.next(); reply !== undefined; reply = this.reader.next())
          this.take(reply);
      },
      closed: () => {
        if (this.conn !== conn) return;
        this.conn = null;
        this.out = [];
        for (const { gave } of this.waiting.splice(0)) gave();
        this.host.after(RECONNECT_MS, () => {
          if (this.conn === null) this.open();
        });
      },
    });
    this.conn = conn;
    if (this.plan.modern) this.send(['HELLO', 3], IGNORED);
    if (this.plan.db > 0) this.send(['SELECT', this.plan.db], IGNORED);
    conn.write(Buffer.concat(this.out.splice(0)));
  }

  private take(reply: RedisOutput): void {
    const sent = this.waiting.shift();
    if (sent === undefined) throw new Violation(`${this.plan.name} got a reply to nothing`);
    const error = typeof reply === 'object' && reply !== null && 'error' in reply ? reply.error : '';
    this.host.world.trace(this.plan.name, `${sent.words} = ${JSON.stringify(reply)}`);
    sent.take(reply, error);
  }
}

const IGNORED = { take: () => {}, gave: () => {} };
