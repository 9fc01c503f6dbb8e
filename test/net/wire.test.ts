// Transaction messages and log entries: each comes back as it was, and whatever else arrives is a ProtocolError.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Answer, Ask, TxnEntry } from '../../src/commit/index.js';
import {
  decodeAnswer,
  decodeAsk,
  decodeTxnEntry,
  encodeAnswer,
  encodeAsk,
  encodeTxnEntry,
} from '../../src/net/wire.js';
import { encodeCommand, ProtocolError, type Request, RequestParser } from '../../src/resp/index.js';
import { fenceOf, MAX_SWAPS } from '../../src/ring/index.js';

/** fast-check's own makes records without a prototype, which deepEqual tells apart. */
const record = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
const latin1 = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const bytes = fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each));
const txn = fc.tuple(fc.string(), fc.nat()).map(([name, n]) => `${Buffer.from(name).toString('hex')}:${n}`);
const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/);
const db = fc.nat(15);
const few = <T>(of: fc.Arbitrary<T>) => fc.array(of, { maxLength: 4 });
const key = record({ db, key: latin1, exclusive: fc.boolean() });
const payload = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((each) => Buffer.from(each));
const value = record({ db, key: latin1, payload: fc.option(payload, { nil: null }) });
const run = record({ db, proto: fc.constantFrom(2 as const, 3 as const), command: bytes });
const kind = <T extends string>(text: T) => fc.constant(text);

const lock = {
  kind: kind('lock'),
  txn,
  ring: fc.maxSafeNat(),
  keys: few(key),
  everything: fc.boolean(),
  fetch: fc.boolean(),
  read: fc.option(run, { nil: null }),
  atOnce: fc.boolean(),
  aside: fc.option(record({ values: few(value), runs: few(run) }), { nil: undefined }),
  take: fc.option(record({ slots: few(fc.nat(16383)), keys: fc.nat(), bytes: fc.nat() }), { nil: undefined }),
};
const ask: fc.Arbitrary<Ask> = fc.oneof(
  record(lock),
  record({ ...lock, read: run, also: fc.array(run, { minLength: 1, maxLength: 4 }) }),
  record({ kind: kind('release'), txn }),
  record({ kind: kind('aside'), txn, values: few(value), runs: few(run) }),
  record({
    kind: kind('prepare'),
    txn,
    token: name,
    participants: few(name),
    effects: bytes,
    part: fc.constantFrom(undefined, 'gives' as const, 'takes' as const),
  }),
  record({ kind: kind('outcome'), txn, commit: fc.boolean() }),
  record({ kind: kind('forget'), txn }),
  record({ kind: kind('inquire'), txn }),
);
const answer: fc.Arbitrary<Answer> = fc.oneof(
  record({
    kind: kind('locked'),
    txn,
    token: name,
    firm: fc.boolean(),
    values: few(value),
    reply: bytes,
    changes: fc.option(few(value), { nil: undefined }),
    events: fc.option(bytes, { nil: undefined }),
    taken: fc.option(
      record({
        keys: fc.nat(),
        bytes: fc.nat(),
        rest: fc.boolean(),
        large: fc.option(record({ db, key: latin1, size: fc.nat() }), { nil: null }),
        effects: bytes,
      }),
      { nil: undefined },
    ),
  }),
  record({
    kind: kind('refused'),
    txn,
    why: fc.constantFrom('stale' as const, 'full' as const, 'noreplicas' as const, 'busy' as const),
  }),
  record({ kind: kind('ran'), txn, reply: bytes, changes: few(value) }),
  record({ kind: kind('ran'), txn, reply: bytes, changes: few(value), events: bytes }),
  record({
    kind: kind('vote'),
    txn,
    vote: fc.constantFrom('prepared' as const, 'never' as const, 'uncertain' as const),
  }),
  record({ kind: kind('done'), txn }),
  record({
    kind: kind('state'),
    txn,
    state: fc.constantFrom('prepared' as const, 'committed' as const, 'aborted' as const, 'never' as const),
  }),
);
const entry: fc.Arbitrary<TxnEntry> = fc.oneof(
  record({
    kind: kind('prepare'),
    txn,
    participants: few(name),
    keys: few(key),
    everything: fc.boolean(),
    effects: bytes,
  }),
  record({ kind: kind('outcome'), txn, commit: fc.boolean() }),
  record({ kind: kind('never'), txn }),
  record({ kind: kind('forget'), txn, fence: fc.boolean() }),
);

function request(encoded: Buffer): Request {
  const parser = new RequestParser();
  parser.feed(encoded);
  assert.ok(parser.next());
  assert.equal(parser.pending, 0);
  return parser.request;
}
/** Either a message or a ProtocolError, and nothing else. */
function harmless(decode: (request: Request) => unknown, encoded: Buffer): void {
  try {
    decode(request(encoded));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

const CODECS = [
  { title: 'Ask', of: ask, encode: encodeAsk, decode: decodeAsk },
  { title: 'Answer', of: answer, encode: encodeAnswer, decode: decodeAnswer },
  { title: 'TxnEntry', of: entry, encode: encodeTxnEntry, decode: decodeTxnEntry },
] as unknown as {
  title: string;
  of: fc.Arbitrary<object>;
  encode(value: object): Buffer;
  decode(request: Request): object;
}[];

for (const { title, of, encode, decode } of CODECS) {
  describe(`${title} on the wire`, () => {
    it('comes back as it was', () => {
      fc.assert(
        fc.property(of, (value) => assert.deepEqual(decode(request(encode(value))), value, title)),
        { numRuns: 1000 },
      );
    });
    it('cut short is a ProtocolError', () => {
      fc.assert(
        fc.property(of, (value) => {
          const words = request(encode(value)).texts();
          for (let length = 0; length < words.length; length++) {
            const short = encodeCommand(words.slice(0, length));
            assert.throws(() => decode(request(short)), ProtocolError);
          }
        }),
      );
    });
    it('with one field changed is a message or a ProtocolError', () => {
      const strange = fc.oneof(
        latin1,
        fc.constantFrom('', '-1', '1048577', '9007199254740993', 'x', '1e3', '0x1'),
      );
      fc.assert(
        fc.property(of, fc.nat(), strange, (value, at, word) => {
          const words = request(encode(value)).texts();
          words[at % words.length] = word;
          harmless(decode, encodeCommand(words));
        }),
        { numRuns: 1000 },
      );
    });
    it('made by chance is a message or a ProtocolError', () => {
      const verb = fc.constantFrom(
        'TOWLINE.LOCKKEYS',
        'TOWLINE.PREPARE',
        'TOWLINE.LOCKED',
        'TOWLINE.RAN',
        'prepare',
      );
      const word = fc.oneof(latin1, fc.nat(3).map(String));
      fc.assert(
        fc.property(verb, fc.array(word), (first, rest) => harmless(decode, encodeCommand([first, ...rest]))),
        { numRuns: 1000 },
      );
    });
    it('of another name is a ProtocolError', () => {
      for (const word of ['TOWLINE.NOTHING', 'prepar', '', 'GET']) {
        assert.throws(
          () => decode(request(encodeCommand([word, 'r1:1', '0', '0', '0', '0']))),
          ProtocolError,
        );
      }
      assert.throws(() => decode(request(Buffer.from('*0\r\n'))), ProtocolError);
    });
  });
}

describe('numbers on the wire', () => {
  const lock = (ring: string, count: string) =>
    encodeCommand(['TOWLINE.LOCKKEYS', 'r1:1', ring, '0', '0', '0', count, '0', '0', '0']);
  it('are decimal integers', () => {
    assert.equal(decodeAsk(request(lock('5', '0'))).kind, 'lock');
    const bad = ['', ' ', '5 ', '1e3', '0x10', '+1', 'NaN', '9007199254740993', '-'];
    for (const text of [...bad, '1.', '.5', '05', '1.5.1', 'Infinity'])
      assert.throws(() => decodeAsk(request(lock(text, '0'))), ProtocolError, JSON.stringify(text));
    for (const text of [...bad, '1.5'])
      assert.throws(() => decodeAsk(request(lock('5', text))), ProtocolError, JSON.stringify(text));
  });
  it('are fences, which count swaps in millionths', () => {
    const fences = [0, 1, 7, 4_000_000_000].flatMap((version) =>
      [0, 1, 3, 999_998, MAX_SWAPS].map((swaps) => fenceOf({ version, swaps })),
    );
    for (const [i, fence] of fences.entries()) {
      if (i > 0) assert.ok(fence > fences[i - 1]!, `${fence} is more than ${fences[i - 1]}`);
      const ask = decodeAsk(request(lock(`${fence}`, '0')));
      assert.equal(ask.kind === 'lock' && ask.ring, fence);
    }
  });
  it('name one of 16 databases, or the one of names that hold nothing', () => {
    const keyIn = (db: string) =>
      decodeAsk(
        request(
          encodeCommand([
            'TOWLINE.LOCKKEYS',
            'r1:1',
            '1',
            '0',
            '0',
            '0',
            '1',
            db,
            '1',
            '1',
            'k',
            '0',
            '0',
            '0',
          ]),
        ),
      );
    assert.equal(keyIn('15').kind, 'lock');
    assert.equal(keyIn('16').kind, 'lock');
    for (const bad of ['17', '-1']) assert.throws(() => keyIn(bad), ProtocolError, bad);
  });
  it('bound lists', () => {
    for (const bad of ['-1', '1048577', '99999999999']) {
      assert.throws(() => decodeAsk(request(lock('5', bad))), ProtocolError, bad);
    }
  });
});
