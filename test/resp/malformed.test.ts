// Malformed requests: each row is what is sent and what is said before the connection closes (null: it stays open).
// The same rows are sent to a real Redis 7.0.15, which must say the same and close when we do.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { needs } from '../needs.js';
import { parse, pieces } from './parse.js';
import { Redis } from './redis.js';

const LONG = 'A'.repeat(70_000);

const ROWS: [string, string | null][] = [
  // Lengths of arrays.
  ['*3000000000\r\n', 'invalid multibulk length'],
  ['*blabla\r\n', 'invalid multibulk length'],
  ['*\r\n', 'invalid multibulk length'],
  ['*01\r\n$4\r\nPING\r\n', 'invalid multibulk length'],
  ['*+1\r\n', 'invalid multibulk length'],
  ['*1 \r\n', 'invalid multibulk length'],
  ['*-0\r\n', 'invalid multibulk length'],
  ['*1\n\r\n', 'invalid multibulk length'],
  ['*-10\r\n', null],
  ['*0\r\n', null],
  // Lengths of bulks.
  ['*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$-10\r\n', 'invalid bulk length'],
  ['*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$2000000000\r\n', 'invalid bulk length'],
  ['*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$blabla\r\n', 'invalid bulk length'],
  ['*1\r\n$04\r\nPING\r\n', 'invalid bulk length'],
  ['*1\r\n$\r\n', 'invalid bulk length'],
  // Something else where a bulk should begin.
  ['*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n', "expected '$', got 'f'"],
  ['*1\r\nPING\r\n', "expected '$', got 'P'"],
  ['*1\r\n:4\r\n', "expected '$', got ':'"],
  ['*2\r\n*1\r\n$4\r\nPING\r\n', "expected '$', got '*'"],
  // Line ends must not reach the reply.
  ['*1\r\n\r\n\r\n', "expected '$', got ' '"],
  ['*1\r\n\nPING\r\n', "expected '$', got ' '"],
  ['*1\r\n\u00ff4\r\n', "expected '$', got '\u00ff'"],
  // Inline.
  ['set """test-key""" test-value\r\n', 'unbalanced quotes in request'],
  ['set "unfinished\r\n', 'unbalanced quotes in request'],
  ["set 'unfinished\r\n", 'unbalanced quotes in request'],
  ['set "ends in a backslash\\\r\n', 'unbalanced quotes in request'],
  ['\r\n', null],
  ['\n', null],
  ['   \t \r\n', null],
  // No line end in 64 KiB; a zero byte hides the line end, as from C.
  [`\0${LONG}\r\n`, 'too big inline request'],
  [`$\0${LONG}\r\n`, 'too big inline request'],
  [`*\0${LONG}\r\n`, 'too big mbulk count string'],
  [LONG, 'too big inline request'],
  [`*${LONG}`, 'too big mbulk count string'],
  [`*1\r\n$${LONG}`, 'too big bulk count string'],
  [`*1\r\n${LONG}`, 'too big bulk count string'],
  [`*1\r\n$\0${LONG}\r\n`, 'too big bulk count string'],
];

const shown = (bytes: string) => JSON.stringify(bytes.length > 60 ? `${bytes.slice(0, 20)}...` : bytes);
const reply = (error: string) => `-ERR Protocol error: ${error}\r\n`;

describe('a malformed request', () => {
  for (const [bytes, error] of ROWS) {
    it(`${shown(bytes)}: ${error ?? 'nothing is wrong with it'}`, () => {
      const sent = Buffer.from(bytes, 'latin1');
      const expected = { commands: [], error: error === null ? null : `Protocol error: ${error}` };
      assert.deepEqual(parse([sent]), expected);
      const everyCut = sent.length > 100 ? [1, 2, 5, 9, 65_530, 65_537, 66_000] : [...sent.keys()];
      for (const cut of everyCut) assert.deepEqual(parse(pieces(sent, [cut])), expected, `cut at ${cut}`);
    });
  }
  it('is not yet one while a zero byte hides the line end', () => {
    for (const bytes of ['\0PING\r\nPING\r\n', '*\x001\r\n', '*1\r\n$\x004\r\n', '*1\r\nPI\0NG\r\n']) {
      assert.deepEqual(parse([Buffer.from(bytes, 'latin1')]), { commands: [], error: null }, bytes);
    }
  });
  it('does not undo what came before it', () => {
    const sent = Buffer.from('PING\r\n*1\r\n$4\r\nTIME\r\n*x\r\n*1\r\n$4\r\nPING\r\n');
    assert.deepEqual(parse([sent]), {
      commands: [['PING'], ['TIME']],
      error: 'Protocol error: invalid multibulk length',
    });
  });
});

describe('Redis says the same', needs('redis-server'), () => {
  let redis: Redis;
  before(async () => {
    redis = await Redis.start();
  });
  after(() => redis.stop());
  for (const [bytes, error] of ROWS) {
    it(shown(bytes), async () => {
      const { said, closed } = await redis.say(Buffer.from(bytes, 'latin1'), error !== null);
      assert.deepEqual(
        { said, closed },
        { said: error === null ? '' : reply(error), closed: error !== null },
      );
    });
  }
});

describe('Redis with a password says the same', needs('redis-server'), () => {
  let redis: Redis;
  before(async () => {
    redis = await Redis.start('--requirepass', 'x');
  });
  after(() => redis.stop());
  for (const [bytes, error] of [
    ['*100\r\n', 'unauthenticated multibulk length'],
    ['*1\r\n$16385\r\n', 'unauthenticated bulk length'],
  ] as const) {
    it(shown(bytes), async () => {
      assert.deepEqual(await redis.say(Buffer.from(bytes), true), { said: reply(error), closed: true });
    });
  }
});
