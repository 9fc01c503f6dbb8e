// Inline commands: words, quotes, escapes; and the same lines given to a real Redis's own splitter.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { ReplySplitter, splitInline } from '../../src/resp/index.js';
import { elementsOf } from '../../src/router/fanout.js';
import { needs } from '../needs.js';
import { Redis } from './redis.js';

const ROWS: [string, string[] | null][] = [
  ['', []],
  ['  \t ', []],
  ['ping', ['ping']],
  ['  set   k\tv ', ['set', 'k', 'v']],
  ['""', ['']],
  ["'' x", ['', 'x']],
  ['"a b" c', ['a b', 'c']],
  ["'a b' c", ['a b', 'c']],
  ['ab"c d"', ['abc d']],
  ['"\\n\\r\\t\\b\\a\\\\\\"\\q"', ['\n\r\t\b\x07\\"q']],
  ['"\\x41\\xfF\\x0"', ['A\u00ffx0']],
  ["'\\'\\n'", ["'\\n"]],
  ['a\\nb', ['a\\nb']],
  ['"a"b', null],
  ["'a'b", null],
  ['"a', null],
  ["'a", null],
  ['"a\\', null],
  ['"a"\'b\'', null],
  // Vertical tab and form feed are skipped before a word, and are part of one.
  ['\v\fa\vb', ['a\vb']],
  ['"a"\vb', ['a', 'b']],
];

describe('splitInline', () => {
  for (const [line, words] of ROWS) {
    it(JSON.stringify(line), () => assert.deepEqual(splitInline(line), words));
  }
});

/** The words that Redis sees in a line: what EVAL is given as ARGV. */
function askRedis(socket: Socket, line: string): Promise<string[] | null> {
  return new Promise((resolve, reject) => {
    const splitter = new ReplySplitter();
    const onData = (chunk: Buffer) => {
      splitter.feed(chunk);
      if (!splitter.next()) return;
      socket.removeListener('data', onData);
      const { buffer, start, end } = splitter;
      const reply = buffer.subarray(start, end);
      if (reply[0] === 42) resolve(elementsOf(reply).map((word) => word.toString('latin1')));
      else if (reply.includes('unbalanced quotes')) resolve(null);
      else reject(new Error(reply.toString('latin1')));
    };
    socket.on('data', onData);
    socket.write(Buffer.from(`eval "return ARGV" 0 ${line}\r\n`, 'latin1'));
  });
}

describe("Redis's splitter finds the same words", needs('redis-server'), () => {
  let redis: Redis;
  let socket: Socket | null = null;
  const ask = async (line: string): Promise<string[] | null> => {
    if (socket === null) (socket = redis.socket()).on('error', () => {});
    const words = await askRedis(socket, line);
    // It closes after unbalanced quotes.
    if (words === null) {
      socket.destroy();
      socket = null;
    }
    return words;
  };
  before(async () => {
    redis = await Redis.start();
  });
  after(async () => {
    socket?.destroy();
    await redis.stop();
  });
  for (const [line, words] of ROWS) {
    it(JSON.stringify(line), async () => assert.deepEqual(await ask(line), words));
  }
  it('in lines made by chance', async () => {
    const parts = fc.constantFrom(
      'a',
      'B',
      ' ',
      '"',
      "'",
      '\\',
      '\\"',
      "\\'",
      '\\x4',
      '\\x41',
      '\\n',
      '\t',
      '\v',
      '\u00e9',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { maxLength: 12 }), async (chosen) => {
        const line = chosen.join('');
        assert.deepEqual(splitInline(line), await ask(line));
      }),
      { numRuns: 500 },
    );
  });
});
