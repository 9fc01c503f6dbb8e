// Whatever a primary executes while a candidate is being given everything, over connections that move in any order
// and piecewise: in the end the candidate holds the same keys, answers and transactions, and can lead (section 4).
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { encodeCommand } from '../../src/resp/index.js';
import { type ControlLane, Group, type RouterLane } from './group.js';

const FILLED: [db: number, keys: number][] = [
  [0, 400],
  [3, 150],
  [15, 40],
];
const key = fc.oneof(
  fc.integer({ min: 0, max: 39 }).map((i) => `k${i}`),
  fc.integer({ min: 0, max: 5 }).map((i) => `{one}${i}`),
  fc.constantFrom('new1', 'new2', 'new3'),
);
const db = fc.constantFrom(0, 0, 3, 15, 7);
const value = fc.string({ maxLength: 6 });
const command = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('SET'), key, value) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('APPEND'), key, value) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('GETDEL'), key) },
  fc.tuple(fc.constantFrom('PERSIST', 'GET', 'TTL', 'STRLEN'), key),
  fc.tuple(fc.constant('SET'), key, value, fc.constant('PX'), fc.integer({ min: 1, max: 30 }).map(String)),
  fc.tuple(fc.constant('PEXPIRE'), key, fc.integer({ min: -5, max: 30 }).map(String)),
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('RENAME', 'RENAMENX'), key, key) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('COPY'), key, key, fc.constantFrom('REPLACE', 'replace')) },
  fc.tuple(fc.constant('COPY'), key, key, fc.constant('DB'), db.map(String), fc.constant('REPLACE')),
  fc.tuple(fc.constant('MOVE'), key, db.map(String)),
  fc.tuple(fc.constant('MSET'), key, value, key, value, key, value),
  fc.tuple(fc.constantFrom('DEL', 'UNLINK'), key, key, key),
  fc.tuple(fc.constant('SETRANGE'), key, fc.constant('2'), value),
  { weight: 3, arbitrary: fc.tuple(fc.constant('XADD'), key, fc.constant('*'), value, value) },
  {
    weight: 3,
    arbitrary: key.map((name) => ['XGROUP', 'CREATE', name, 'g', '0', 'MKSTREAM']),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(key, key, fc.constantFrom('ann', 'bob'))
      .map(([a, b, consumer]) => ['XREADGROUP', 'GROUP', 'g', consumer, 'STREAMS', a, b, '>', '>']),
  },
  {
    weight: 2,
    arbitrary: key.map((name) => ['XREADGROUP', 'GROUP', 'g', 'ann', 'STREAMS', name, '>']),
  },
  key.map((name) => ['XAUTOCLAIM', name, 'g', 'cleo', '0', '0', 'COUNT', '1']),
  key.map((name) => ['XGROUP', 'DELCONSUMER', name, 'g', 'ann']),
  fc.tuple(fc.constant('XTRIM'), key, fc.constant('MAXLEN'), fc.constant('1')),
);
const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('run' as const), db, words: command }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('move' as const),
      share: fc.constantFrom(0.2, 0.7, 1),
      odd: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 12 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('prepare' as const), keys: fc.tuple(key, key), value }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('decide' as const), commit: fc.boolean() }) },
  fc.record({ do: fc.constant('flush' as const), db }),
  fc.record({ do: fc.constant('swap' as const), a: db, b: db }),
  fc.record({ do: fc.constant('ack' as const), back: fc.integer({ min: 0, max: 20 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Story {
  readonly group = new Group({ members: 1 });
  counter = 1;
  private readonly lane: RouterLane;
  private readonly control: ControlLane;
  private txns = 0;
  private readonly prepared: string[] = [];

  constructor() {
    this.group.until(() => this.group.leads('a'), 500);
    this.lane = this.group.lane('a', 'r1');
    this.control = this.group.control('a', 'c1');
    for (const [at, count] of FILLED) {
      this.lane.send('TOWLINE.DB', at);
      for (let i = 0; i < count; i += 10) {
        const pairs = Array.from({ length: 10 }, (_, j) => [`k${i + j}`, `${i + j}`]).flat();
        this.run(at, ['MSET', ...pairs]);
      }
    }
    this.group.settle();
    this.group.congestion = 1000;
    this.group.start('b');
  }
  run(at: number, words: readonly string[]): void {
    this.lane.send('TOWLINE.DB', at).send(...words);
    this.counter++;
  }
  perform(each: Step): void {
    const { group, control } = this;
    if (each.do === 'run') this.run(each.db, each.words);
    else if (each.do === 'time') group.host.advance(each.ms);
    else if (each.do === 'ack') this.lane.send('TOWLINE.ACK', Math.max(1, this.counter - each.back));
    else if (each.do === 'move') {
      group.share = () => each.share;
      group.shuffle = (links) => (each.odd ? links.reverse() : links);
      group.step();
    } else if (each.do === 'prepare') this.prepare(each.keys, each.value);
    else if (each.do === 'decide') {
      const txn = this.prepared.shift();
      if (txn !== undefined) control.ask({ kind: 'outcome', txn, commit: each.commit });
    } else if (each.do === 'swap') this.whole(['SWAPDB', `${each.a}`, `${each.b}`]);
    else this.whole(['FLUSHDB'], each.db);
  }
  /** Locks, and prepares in the same breath if the locks are granted. */
  private prepare(keys: readonly string[], text: string): void {
    const txn = `c1:${++this.txns}`;
    const locks = keys.map((name) => ({ db: 3, key: name, exclusive: true }));
    const { version } = this.group.ring;
    this.control.ask({
      kind: 'lock',
      txn,
      ring: version,
      keys: locks,
      everything: false,
      fetch: true,
      read: null,
    });
    this.vote(txn, [
      encodeCommand(['TOWLINE.DB', 3]),
      encodeCommand(['MSET', keys[0]!, text]),
      encodeCommand(['DEL', keys[1]!]),
    ]);
  }
  /** A command for the whole keyspace. */
  private whole(words: readonly string[], at = 0): void {
    const txn = `c1:${++this.txns}`;
    const { version } = this.group.ring;
    this.control.ask({
      kind: 'lock',
      txn,
      ring: version,
      keys: [],
      everything: true,
      fetch: false,
      read: null,
    });
    this.vote(txn, [encodeCommand(['TOWLINE.DB', at]), encodeCommand(words)]);
  }
  private vote(txn: string, effects: Buffer[]): void {
    const locked = this.control.heard().find((answer) => answer.kind === 'locked' && answer.txn === txn);
    if (locked?.kind !== 'locked') return this.control.ask({ kind: 'release', txn });
    this.control.ask({
      kind: 'prepare',
      txn,
      token: locked.token,
      participants: ['g1', 'g2'],
      effects: Buffer.concat(effects),
    });
    this.prepared.push(txn);
  }
  /** The candidate is let in, and has heard everything. */
  end(): void {
    const { group } = this;
    group.share = () => 1;
    group.congestion = 1;
    group.until(() => group.inSync === 'a b', 5000, 'b is let in');
    group.run(120);
    const status = (name: string) =>
      JSON.parse(group.at(name).node.status()) as { seq: number; commit: number };
    group.until(() => status('b').commit === status('a').seq, 500, 'b has heard everything');
    assert.deepEqual(group.keys('b'), group.keys('a'));
    const memory = group.memory('a', 'r1', this.counter);
    remembers(group, memory, this.counter);
    const keys = group.keys('a');
    // It can lead: the same, with nobody left to ask.
    group.kill('a');
    group.until(() => group.leads('b'), 3000, 'b leads');
    assert.deepEqual(
      group.keys('b').filter((each) => !each.includes(' until ')),
      keys.filter((each) => !each.includes(' until ')),
    );
    remembers(group, memory, this.counter);
  }
}

/** What the router has acknowledged it never asks for again; nothing else may differ (R10). */
function remembers(group: Group, memory: string[], counters: number): void {
  const found = group.memory('b', 'r1', counters);
  assert.equal(found.length, memory.length);
  memory.forEach((each, i) => {
    if (!each.endsWith(' forgotten ')) assert.equal(found[i], each);
  });
}

it('a candidate ends up with what the primary has, and can lead', () => {
  const seen = { over: 0 };
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
      const story = new Story();
      story.group.until(
        () => JSON.parse(story.group.at('a').node.status()).sync !== null,
        1000,
        'the sync begins',
      );
      for (const each of steps) {
        if (story.group.inSync === 'a b') seen.over++;
        story.perform(each);
      }
      story.end();
    }),
    { numRuns: 60 },
  );
});
