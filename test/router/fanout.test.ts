// Commands that ask every group: how the replies become one.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findText } from '../../src/command/index.js';
import { encodeCommand, type Proto, ReplyWriter } from '../../src/resp/index.js';
import { EMPTY_RING, MAX_SWAPS } from '../../src/ring/index.js';
import { elementsOf, FANS, firstError, swappedIn, wholeCommand } from '../../src/router/fanout.js';
import { request } from './make.js';

function fan(text: string, proto: Proto = 2, random = () => 0) {
  const asked = request(text);
  return FANS[asked.text(0).toLowerCase()]!(asked, proto, random);
}
/** What is asked of each group, or the error. */
function asks(text: string): string {
  const made = fan(text);
  return Buffer.isBuffer(made) ? made.toString() : made.ask.texts().join(' ');
}
function merge(text: string, replies: string[], proto: Proto = 2, random = () => 0): string {
  const made = fan(text, proto, random);
  if (Buffer.isBuffer(made)) throw new Error(made.toString());
  return made.merge(replies.map((reply) => Buffer.from(reply, 'latin1'))).toString('latin1');
}
/** A group's answer to TOWLINE.SCAN. */
function page(next: number, keys: Record<string, number>): string {
  const reply = new ReplyWriter();
  reply.array(1 + 2 * Object.keys(keys).length);
  reply.integer(next);
  for (const [key, position] of Object.entries(keys)) {
    reply.bulk(key);
    reply.integer(position);
  }
  return reply.take().toString('latin1');
}

describe('fan-out', () => {
  it('KEYS joins the arrays', () => {
    assert.equal(asks('KEYS a*'), 'KEYS a*');
    const replies = ['*2\r\n$1\r\na\r\n$2\r\n\r\n\r\n', '*0\r\n', '*1\r\n$1\r\nc\r\n'];
    assert.equal(merge('KEYS *', replies), '*3\r\n$1\r\na\r\n$2\r\n\r\n\r\n$1\r\nc\r\n');
    assert.equal(merge('KEYS *', ['*0\r\n', '*0\r\n']), '*0\r\n');
  });
  it('DBSIZE adds up', () => assert.equal(merge('DBSIZE', [':3\r\n', ':0\r\n', ':12\r\n']), ':15\r\n'));
  it('RANDOMKEY takes one of those that have any', () => {
    const replies = ['$-1\r\n', '$1\r\na\r\n', '$1\r\nb\r\n'];
    assert.equal(
      merge('RANDOMKEY', replies, 2, () => 0),
      '$1\r\na\r\n',
    );
    assert.equal(
      merge('RANDOMKEY', replies, 2, () => 0.99),
      '$1\r\nb\r\n',
    );
    assert.equal(merge('RANDOMKEY', ['$-1\r\n', '$-1\r\n']), '$-1\r\n');
    assert.equal(merge('RANDOMKEY', ['_\r\n', '_\r\n'], 3), '_\r\n');
  });
  it('an error of one group stands for all', () => {
    const replies = [':1\r\n', '-ERR x\r\n'].map((text) => Buffer.from(text));
    assert.equal(firstError(replies)?.toString(), '-ERR x\r\n');
    assert.equal(firstError(replies.slice(0, 1)), null);
  });
});

describe('SCAN', () => {
  it('asks every group from the same position', () => {
    assert.equal(asks('SCAN 0'), 'TOWLINE.SCAN 0 10');
    assert.equal(asks('SCAN 17 MATCH a* count 5 Type string'), 'TOWLINE.SCAN 17 5 MATCH a* Type string');
    // As strtoul reads it, and Redis with it: the end of everything.
    assert.equal(asks('SCAN -1'), `TOWLINE.SCAN ${Number.MAX_SAFE_INTEGER} 10`);
    assert.equal(asks('SCAN 0 COUNT 99999999999'), 'TOWLINE.SCAN 0 1000000');
  });
  it('refuses as Redis does', () => {
    const rows: [string, string][] = [
      ['SCAN x', '-ERR invalid cursor\r\n'],
      ['SCAN 99999999999999999999', '-ERR invalid cursor\r\n'],
      ['SCAN 0 COUNT', '-ERR syntax error\r\n'],
      ['SCAN 0 COUNT 0', '-ERR syntax error\r\n'],
      ['SCAN 0 COUNT x', '-ERR value is not an integer or out of range\r\n'],
      ['SCAN 0 NOSUCH 1', '-ERR syntax error\r\n'],
    ];
    for (const [text, error] of rows) assert.equal(asks(text), error, text);
  });
  it('returns what all groups have passed: cut at the least position', () => {
    const reply = merge('SCAN 0', [
      page(50, { a: 10, b: 40 }),
      page(30, { c: 5, d: 20 }),
      page(-1, { e: 29, f: 30, g: 60 }),
    ]);
    // From 30 on the second group has not looked.
    assert.equal(reply, encodeScan('30', ['c', 'a', 'd', 'e']));
  });
  it('ends when every group has ended', () => {
    assert.equal(merge('SCAN 9', [page(-1, { b: 11 }), page(-1, { a: 10 })]), encodeScan('0', ['a', 'b']));
    assert.equal(merge('SCAN 9', [page(-1, {}), page(-1, {})], 3), encodeScan('0', []));
  });
  it('goes on when nothing was found before the least position', () => {
    assert.equal(merge('SCAN 0', [page(7, { z: 7 }), page(900, { y: 8 })]), encodeScan('7', []));
  });
  it('gives every key exactly once over a whole walk', () => {
    // Positions of keys in three groups; each group shows `count` keys a step, from a position on.
    const groups = [0, 1, 2].map((group) =>
      Array.from({ length: 20 }, (_, i) => ({
        key: `g${group}-${i}`,
        position: (i * 37 + group * 13) % 997,
      })).sort((x, y) => x.position - y.position),
    );
    const seen: string[] = [];
    let cursor = '0';
    let steps = 0;
    do {
      const from = Number(cursor);
      const replies = groups.map((keys, group) => {
        const rest = keys.filter(({ position }) => position >= from);
        const shown = rest.slice(0, 3 + group);
        const after = rest[3 + group];
        return page(
          after === undefined ? -1 : after.position,
          Object.fromEntries(shown.map((k) => [k.key, k.position])),
        );
      });
      const elements = elementsOf(Buffer.from(merge(`SCAN ${cursor}`, replies)));
      cursor = elements[0]!.toString();
      // The keys are an array inside: given its first and last bytes back.
      const list = Buffer.from(`*${elements[1]}\r\n`);
      seen.push(...elementsOf(list).map(String));
      steps++;
    } while (cursor !== '0' && steps < 100);
    assert.equal(seen.length, 60);
    assert.equal(new Set(seen).size, 60);
  });
});

function encodeScan(cursor: string, keys: string[]): string {
  const list = keys.length === 0 ? Buffer.from('*0\r\n') : encodeCommand(keys);
  return `*2\r\n$${cursor.length}\r\n${cursor}\r\n${list}`;
}

describe('wholeCommand', () => {
  const whole = (text: string) => wholeCommand(findText(text.split(' ')[0]!)!, request(text));
  it('FLUSHALL and FLUSHDB take ASYNC and SYNC and nothing else', () => {
    for (const text of ['FLUSHALL', 'flushall ASYNC', 'FLUSHDB sync'])
      assert.deepEqual(whole(text), [text.split(' ')[0]!.toUpperCase()]);
    for (const text of ['FLUSHALL x', 'FLUSHDB ASYNC SYNC']) assert.equal(whole(text), 'ERR syntax error');
  });
  it('SWAPDB while keys move tells groups that it happened, a million times under one version of the ring', () => {
    const said = (moving: boolean, swaps?: number) =>
      swappedIn({ moving, document: { ...EMPTY_RING, version: 7, swaps } });
    assert.deepEqual(said(false), []);
    assert.deepEqual(said(true), [['TOWLINE.SWAPPED', '7', '1']]);
    assert.deepEqual(said(true, MAX_SWAPS - 1), [['TOWLINE.SWAPPED', '7', `${MAX_SWAPS}`]]);
    assert.equal(said(true, MAX_SWAPS), null);
  });
  it('SWAPDB names two of sixteen databases', () => {
    assert.deepEqual(whole('swapdb 0 15'), ['SWAPDB', '0', '15']);
    for (const text of ['x 1', '01 1', '2147483648 1', '1.0 1', '-0 1'])
      assert.equal(whole(`swapdb ${text}`), 'ERR invalid first DB index');
    assert.equal(whole('swapdb 16 x'), 'ERR invalid second DB index');
    for (const text of ['16 0', '0 -1', '2147483647 0'])
      assert.equal(whole(`swapdb ${text}`), 'ERR DB index is out of range');
  });
});
