// The ends of replies: every kind, nested, cut at every place; a reply is found as soon as its last byte is there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ProtocolError, ReplySplitter, replyEnd } from '../../src/resp/index.js';
import { pieces } from './parse.js';

const KINDS = [
  '+OK\r\n',
  '-ERR no\r\n',
  ':-12\r\n',
  '$5\r\n\r\n$1\r\r\n',
  '$0\r\n\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '*0\r\n',
  '_\r\n',
  '#t\r\n',
  ',-1.5e10\r\n',
  '(123456789012345678901234567890\r\n',
  '=7\r\ntxt:abc\r\n',
  '!8\r\nERR a\r\nb\r\n',
  '*2\r\n*1\r\n$1\r\na\r\n*2\r\n:1\r\n*0\r\n',
  '%2\r\n+a\r\n*1\r\n:1\r\n+b\r\n%1\r\n+c\r\n_\r\n',
  '~2\r\n$1\r\na\r\n#f\r\n',
  '>2\r\n$10\r\nTOWLINE.AT\r\n:5\r\n',
  '|1\r\n+ttl\r\n:3\r\n*1\r\n|1\r\n+a\r\n+b\r\n$1\r\nx\r\n',
];

function split(chunks: readonly Buffer[]): string[] {
  const splitter = new ReplySplitter();
  const found: Buffer[] = [];
  for (const chunk of chunks) {
    splitter.feed(chunk);
    while (splitter.next()) found.push(splitter.buffer.subarray(splitter.start, splitter.end));
  }
  // Read only now: what was found must not have been changed by what came later.
  return found.map((reply) => reply.toString('latin1'));
}

describe('replyEnd', () => {
  for (const text of KINDS) {
    it(JSON.stringify(text), () => {
      const bytes = Buffer.from(`xx${text}+next\r\n`);
      assert.equal(replyEnd(bytes, 2, bytes.length), 2 + text.length);
      for (let to = 2; to < 2 + text.length; to++) assert.equal(replyEnd(bytes, 2, to), -1, `cut at ${to}`);
    });
  }
  it('refuses what is no reply', () => {
    for (const text of [
      'hello\r\n',
      '*1\r\nx\r\n',
      '$abc\r\n',
      '*1\r\n$?\r\n',
      '$\r\n\r\n',
      '*\r\n',
      '$-2\r\n',
      '$1-\r\n',
      '\r\n\r\n',
    ]) {
      const bytes = Buffer.from(text);
      assert.throws(() => replyEnd(bytes, 0, bytes.length), ProtocolError, text);
    }
  });
  it('is not led astray by depth', () => {
    const bytes = Buffer.from(`${'*1\r\n'.repeat(100_000)}:1\r\n`);
    let end = -2;
    try {
      end = replyEnd(bytes, 0, bytes.length);
    } catch (error) {
      assert.ok(error instanceof ProtocolError);
    }
    assert.ok(end === -2 || end === bytes.length);
  });
});

describe('ReplySplitter', () => {
  it('finds each reply when its last byte arrives, wherever it is cut', () => {
    for (const text of [...KINDS, KINDS.join('')]) {
      const bytes = Buffer.from(text, 'latin1');
      const wanted = text === KINDS.join('') ? KINDS : [text];
      for (let cut = 0; cut <= bytes.length; cut++) {
        assert.deepEqual(split(pieces(bytes, [cut])), wanted, `${JSON.stringify(text)} cut at ${cut}`);
      }
    }
  });
  it('finds them byte by byte', () => {
    assert.deepEqual(split([...Buffer.from(KINDS.join(''))].map((byte) => Buffer.from([byte]))), KINDS);
  });
  it('finds them in any pieces', () => {
    const reply = fc.oneof(
      fc.constantFrom(...KINDS),
      fc.nat(70_000).map((n) => `$${n}\r\n${'z'.repeat(n)}\r\n`),
    );
    fc.assert(
      fc.property(fc.array(reply), fc.array(fc.nat()), (replies, cuts) => {
        const bytes = Buffer.from(replies.join(''), 'latin1');
        assert.deepEqual(
          split(
            pieces(
              bytes,
              cuts.map((cut) => cut % (bytes.length + 1)),
            ),
          ),
          replies,
        );
      }),
    );
  });
  it('refuses what is no reply, whole or cut', () => {
    for (const cut of [0, 1, 3, 7]) {
      assert.throws(() => split(pieces(Buffer.from('+OK\r\nhello\r\n'), [cut])), ProtocolError);
    }
  });
  it('refuses a line without an end', () => {
    assert.throws(() => split([Buffer.from('+'), Buffer.alloc(200_000, 97)]), ProtocolError);
  });

  /** Bytes that Buffer.copy and Buffer.set moved while `bytes` arrived in pieces of 64 KiB. */
  function copied(bytes: Buffer): number {
    const { copy, set } = Buffer.prototype;
    let moved = 0;
    Buffer.prototype.copy = function (...args: Parameters<typeof copy>): number {
      const size = copy.apply(this, args);
      moved += size;
      return size;
    };
    Buffer.prototype.set = function (source: ArrayLike<number>, offset?: number): void {
      moved += source.length;
      set.call(this, source, offset);
    };
    try {
      const splitter = new ReplySplitter();
      for (let at = 0; at < bytes.length; at += 65_536) {
        assert.equal(splitter.next(), false);
        splitter.feed(bytes.subarray(at, at + 65_536));
      }
      assert.ok(splitter.next());
      assert.equal(splitter.end - splitter.start, bytes.length);
    } finally {
      Buffer.prototype.copy = copy;
      Buffer.prototype.set = set;
    }
    return moved;
  }
  it('copies a long bulk once', () => {
    const size = 8 * 1024 * 1024;
    const moved = copied(Buffer.from(`$${size}\r\n${'v'.repeat(size)}\r\n`));
    assert.ok(moved < size + 4 * 65_536, `moved ${moved} of ${size}`);
  });
  it('copies a long array three times at most', () => {
    const bytes = Buffer.from(`*500000\r\n${'$10\r\n0123456789\r\n'.repeat(500_000)}`);
    const moved = copied(bytes);
    assert.ok(moved < 3 * bytes.length, `moved ${moved} of ${bytes.length}`);
  });
});
