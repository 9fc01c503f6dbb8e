// Replies as bytes, in both versions of the protocol; read back by redis-parser where it can.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CommandWriter, encodeCommand, ReplyWriter, RequestParser } from '../../src/resp/index.js';
import { decodeReply } from '../../src/router/decode.js';

/** What is written, and what it is in RESP2 and in RESP3. */
const ROWS: [string, (reply: ReplyWriter) => void, string, string][] = [
  ['a status', (r) => r.simple('QUEUED'), '+QUEUED\r\n', '+QUEUED\r\n'],
  ['OK', (r) => r.ok(), '+OK\r\n', '+OK\r\n'],
  ['an error', (r) => r.error('ERR no'), '-ERR no\r\n', '-ERR no\r\n'],
  ['an error with line ends', (r) => r.error('ERR a\r\nb'), '-ERR a  b\r\n', '-ERR a  b\r\n'],
  ['an integer', (r) => r.integer(-7), ':-7\r\n', ':-7\r\n'],
  ['a bigint', (r) => r.integer(2n ** 63n - 1n), ':9223372036854775807\r\n', ':9223372036854775807\r\n'],
  ['a bulk of latin1 text', (r) => r.bulk('a\u00ff'), '$2\r\na\u00ff\r\n', '$2\r\na\u00ff\r\n'],
  ['a bulk of bytes', (r) => r.bulk(Buffer.from([0, 13, 10])), '$3\r\n\0\r\n\r\n', '$3\r\n\0\r\n\r\n'],
  ['an empty bulk', (r) => r.bulk(''), '$0\r\n\r\n', '$0\r\n\r\n'],
  ['a bulk of UTF-8 text', (r) => r.utf8('\u00e9'), '$2\r\n\u00c3\u00a9\r\n', '$2\r\n\u00c3\u00a9\r\n'],
  ['nil', (r) => r.nil(), '$-1\r\n', '_\r\n'],
  ['no array', (r) => r.nilArray(), '*-1\r\n', '_\r\n'],
  ['an array', (r) => r.array(2), '*2\r\n', '*2\r\n'],
  ['a map', (r) => r.map(2), '*4\r\n', '%2\r\n'],
  ['a set', (r) => r.set(3), '*3\r\n', '~3\r\n'],
  ['a push', (r) => r.push(3), '*3\r\n', '>3\r\n'],
  ['a double', (r) => r.double('1.5'), '$3\r\n1.5\r\n', ',1.5\r\n'],
  ['infinity', (r) => r.double('inf'), '$3\r\ninf\r\n', ',inf\r\n'],
  ['true', (r) => r.boolean(true), ':1\r\n', '#t\r\n'],
  ['false', (r) => r.boolean(false), ':0\r\n', '#f\r\n'],
  ['text for people', (r) => r.verbatim('h\u00e9'), '$3\r\nh\u00c3\u00a9\r\n', '=7\r\ntxt:h\u00c3\u00a9\r\n'],
  [
    'a command',
    (r) => r.command(['SET', 'k', 1, Buffer.from([255])]),
    '*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n1\r\n$1\r\n\u00ff\r\n',
    '*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n1\r\n$1\r\n\u00ff\r\n',
  ],
];

describe('ReplyWriter', () => {
  for (const [name, write, two, three] of ROWS) {
    it(name, () => {
      const reply = new ReplyWriter();
      write(reply);
      assert.equal(reply.take().toString('latin1'), two);
      reply.proto = 3;
      write(reply);
      assert.equal(reply.take().toString('latin1'), three);
    });
  }
  it('writes what redis-parser reads', () => {
    const reply = new ReplyWriter();
    reply.array(5);
    reply.integer(1);
    reply.bulk('x');
    reply.nil();
    reply.map(1);
    reply.simple('k');
    reply.array(0);
    reply.error('ERR inside');
    const value = decodeReply(reply.take()) as unknown[];
    assert.deepEqual(value.slice(0, 4), [1, Buffer.from('x'), null, [Buffer.from('k'), []]]);
    assert.equal((value[4] as Error).message, 'ERR inside');
  });
  it('writes long texts and many replies as it writes short ones', () => {
    const reply = new ReplyWriter();
    let wanted = '';
    for (let i = 0; i < 3000; i++) {
      const text = 'y'.repeat(i % 100);
      reply.bulk(text);
      wanted += `$${text.length}\r\n${text}\r\n`;
    }
    assert.equal(reply.take().toString('latin1'), wanted);
  });
});

describe('encodeCommand', () => {
  it('is read back by the request parser', () => {
    const bytes = encodeCommand(['SET', 'k\u00ff', 12, 7n, Buffer.from([0, 255]), '']);
    const parser = new RequestParser();
    parser.feed(bytes);
    assert.ok(parser.next());
    assert.deepEqual(parser.request.texts(), ['SET', 'k\u00ff', '12', '7', '\0\u00ff', '']);
    assert.equal(parser.request.end, bytes.length);
  });
});

describe('CommandWriter', () => {
  it('writes a last argument of two parts as if it were one', () => {
    const text = fc.array(fc.nat(255), { maxLength: 60 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text, text, fc.boolean()), { maxLength: 5 }), (all) => {
        const [one, two] = [new CommandWriter(), new CommandWriter()];
        for (const [key, head, body, asText] of all) {
          const name = key.latin1Slice();
          one.command(['VERB', name, Buffer.concat([head, body])]);
          two.threeOf('VERB', name, head, asText ? body.latin1Slice() : body);
        }
        assert.deepEqual(two.end(), one.end());
      }),
    );
  });
});
