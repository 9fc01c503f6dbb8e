// What is kept of commands that changed nothing, until their router has heard of them: whose, of which keys, how much.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRequest } from '../../src/command/index.js';
import { Unlogged } from '../../src/data/unlogged.js';
import { encodeCommand, ReplyWriter, type Request, RequestParser } from '../../src/resp/index.js';

function requestOf(...words: string[]): Request {
  const parser = new RequestParser();
  parser.feed(encodeCommand(words));
  assert.ok(parser.next());
  return parser.request.clone();
}

/** An Unlogged with short ways to fill and to ask it. */
function kept() {
  const unlogged = new Unlogged();
  const replies = new ReplyWriter();
  return {
    unlogged,
    add(counter: number, client: number, reply: string, words: string[], db = 0) {
      const request = requestOf(...words);
      const from = replies.length;
      replies.bulk(reply);
      unlogged.add(counter, client, findRequest(request)!, request, db, replies, from);
    },
    take(client: number, words: string[], db = 0): [number, string][] {
      const request = requestOf(...words);
      const found: [number, string][] = [];
      unlogged.take(client, findRequest(request)!, request, db, (counter, source, from, to) => {
        found.push([counter, source.toString('latin1', from, to)]);
      });
      return found.sort(([a], [b]) => a - b);
    },
  };
}

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

test('a client is told what it asked of the keys that it writes, each reply once', () => {
  const { add, take } = kept();
  add(1, 7, 'a', ['GET', 'k']);
  add(2, 7, 'b', ['GET', 'other']);
  add(3, 8, 'c', ['GET', 'k']);
  add(4, 7, 'd', ['GET', 'k'], 1);
  add(5, 7, 'e', ['SET', 'k', 'v', 'NX']);
  add(6, 7, 'f', ['MGET', 'k', 'l', 'k']);
  assert.deepEqual(take(9, ['SET', 'k', 'v']), []);
  assert.deepEqual(take(7, ['SET', 'k', 'v']), [
    [1, bulk('a')],
    [5, bulk('e')],
    [6, bulk('f')],
  ]);
  assert.deepEqual(take(7, ['DEL', 'l', 'k']), []);
  assert.deepEqual(take(7, ['COPY', 'other', 'k', 'DB', '1']), [
    [2, bulk('b')],
    [4, bulk('d')],
  ]);
  assert.deepEqual(take(8, ['DEL', 'x', 'k']), [[3, bulk('c')]]);
});

test('one that was sent untagged is its client’s as soon as that is said', () => {
  const { unlogged, add, take } = kept();
  add(1, 0, 'a', ['EXISTS', 'k', 'l']);
  assert.deepEqual(take(7, ['SET', 'k', 'v']), []);
  unlogged.adopt(7, 1);
  unlogged.adopt(7, 99);
  assert.deepEqual(take(7, ['SET', 'l', 'v']), [[1, bulk('a')]]);
  assert.deepEqual(take(7, ['SET', 'k', 'v']), []);
});

test('what its router has heard is forgotten, and many are kept until then', () => {
  const { unlogged, add, take } = kept();
  for (let i = 0; i < 5000; i++) add(i, 1 + (i % 3), `v${i}`, ['GET', `k${i % 50}`]);
  assert.equal(unlogged.size, 5000);
  assert.deepEqual(
    take(1, ['SET', 'k0', 'v']).map(([counter]) => counter),
    Array.from({ length: 5000 }, (_, i) => i).filter((i) => i % 50 === 0 && i % 3 === 0),
  );
  unlogged.acknowledge(4990);
  assert.equal(unlogged.size, 10);
  assert.deepEqual(take(2, ['SET', 'k0', 'v']), []);
  assert.deepEqual(take(2, ['SET', 'k49', 'v']), [[4999, bulk('v4999')]]);
  assert.deepEqual(take(1, ['SET', 'k42', 'v']), [[4992, bulk('v4992')]]);
});

test('of a reply that is too long, or longer ago than there is room for, it is said that it is not known', () => {
  const { add, take } = kept();
  const unknown = '-UNCERTAIN the reply to this command was not kept\r\n';
  add(1, 7, 'x'.repeat(20_000), ['GET', 'long']);
  add(2, 7, 'short', ['GET', 'old']);
  for (let i = 3; i < 403; i++) add(i, 7, 'y'.repeat(10_000), ['GET', `k${i}`]);
  assert.deepEqual(take(7, ['SET', 'long', 'v']), [[1, unknown]]);
  assert.deepEqual(take(7, ['SET', 'old', 'v']), [[2, unknown]]);
  assert.deepEqual(take(7, ['SET', 'k402', 'v']), [[402, bulk('y'.repeat(10_000))]]);
  assert.deepEqual(take(7, ['SET', 'k350', 'v']), [[350, bulk('y'.repeat(10_000))]]);
});
