// The request parser: the same commands whole, byte by byte and cut anywhere; its bounds; and how often it copies.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  encodeCommand,
  MAX_ARGUMENTS,
  MAX_BULK,
  MAX_INLINE,
  ProtocolError,
  RequestParser,
} from '../../src/resp/index.js';
import { parse, pieces } from './parse.js';

const STREAM = Buffer.from(
  '*1\r\n$4\r\nPING\r\n*0\r\n*-1\r\nPING\r\n\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\n\r\n\r\n*\r\n' +
    'set "a b"  \'c\'\n*2\r\n$0\r\n\r\n$2\r\n\u00ff\u0000\r\nget k\r\n',
  'latin1',
);
const COMMANDS = [
  ['PING'],
  ['PING'],
  ['SET', 'k', '\r\n\r\n*'],
  ['set', 'a b', 'c'],
  ['', '\u00ff\u0000'],
  ['get', 'k'],
];

/** Runs `work` and counts the bytes that Buffer.copy moved and the largest buffer it made. */
function counted(work: () => void): { copied: number; made: number } {
  const { copy } = Buffer.prototype;
  const { allocUnsafeSlow } = Buffer;
  const counts = { copied: 0, made: 0 };
  Buffer.prototype.copy = function (...args: Parameters<typeof copy>): number {
    const moved = copy.apply(this, args);
    counts.copied += moved;
    return moved;
  };
  Buffer.allocUnsafeSlow = (size) => {
    counts.made += size;
    return allocUnsafeSlow(size);
  };
  try {
    work();
  } finally {
    Buffer.prototype.copy = copy;
    Buffer.allocUnsafeSlow = allocUnsafeSlow;
  }
  return counts;
}

describe('RequestParser finds the same commands', () => {
  it('whole', () => {
    assert.deepEqual(parse([STREAM]), { commands: COMMANDS, error: null });
  });
  it('byte by byte', () => {
    const bytes = [...STREAM].map((byte) => Buffer.from([byte]));
    assert.deepEqual(parse(bytes), { commands: COMMANDS, error: null });
  });
  it('cut in two at every place', () => {
    for (let cut = 0; cut <= STREAM.length; cut++) {
      assert.deepEqual(parse(pieces(STREAM, [cut])), { commands: COMMANDS, error: null }, `cut at ${cut}`);
    }
  });
  it('any commands cut anywhere', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('', '\r\n', '*1\r\n', '$3\r\nab'),
      fc.string({ size: 'large' }),
    );
    const command = fc.array(
      word.map((text) => Buffer.from(text, 'utf8').toString('latin1')),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(fc.array(command), fc.array(fc.nat()), (commands, cuts) => {
        const bytes = Buffer.concat(commands.map((words) => encodeCommand(words)));
        const at = cuts.map((cut) => cut % (bytes.length + 1));
        assert.deepEqual(parse(pieces(bytes, at)), { commands, error: null });
      }),
    );
  });
});

describe('Request', () => {
  it('keeps its bytes after the parser has gone on', () => {
    const parser = new RequestParser();
    parser.feed(Buffer.from('*2\r\n$3\r\nGET\r\n$5\r\nfir'));
    assert.equal(parser.next(), false);
    parser.feed(Buffer.from('st\r\n*2\r\n$3\r\nGET\r\n$3\r\nsec'));
    assert.equal(parser.next(), true);
    const kept = parser.request.clone();
    const raw = parser.request.raw();
    assert.equal(parser.next(), false);
    parser.feed(Buffer.from('ond'.slice(0, 1)));
    parser.feed(Buffer.from('\r\n*1\r\n$4\r\nPING\r\n'));
    while (parser.next());
    assert.deepEqual(kept.texts(), ['GET', 'first']);
    assert.equal(raw.toString(), '*2\r\n$3\r\nGET\r\n$5\r\nfirst\r\n');
    assert.equal(kept.bytes(1).toString(), 'first');
    assert.equal(kept.length(1), 5);
  });
  it('compares words in any case, and only whole words', () => {
    const parser = new RequestParser();
    parser.feed(encodeCommand(['GeT', 'towline.AT', 'x1']));
    assert.ok(parser.next());
    const { request } = parser;
    assert.ok(request.is(0, 'get') && request.is(1, 'towline.at') && request.is(2, 'x1'));
    assert.ok(!request.is(0, 'ge') && !request.is(0, 'gets') && !request.is(2, 'x2'));
  });
  it('gives some of its arguments as a command of the same or another name', () => {
    const words = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(
        words,
        fc.integer({ min: 1, max: 3 }),
        fc.infiniteStream(fc.boolean()),
        (bytes, each, any) => {
          const args = ['mset', ...bytes.map((word) => Buffer.from(word))];
          const parser = new RequestParser();
          parser.feed(Buffer.concat([encodeCommand(['PING']), encodeCommand(args), encodeCommand(['PING'])]));
          assert.ok(parser.next() && parser.next());
          const places = args
            .map((_, i) => i)
            .filter((i) => i > 0 && i + each <= args.length && any.next().value);
          const picked = places.flatMap((i) => args.slice(i, i + each));
          const { request } = parser;
          assert.deepEqual(request.excerpt(places, each), encodeCommand(['mset', ...picked]));
          assert.deepEqual(request.excerpt(places, each, 'DEL'), encodeCommand(['DEL', ...picked]));
        },
      ),
    );
  });
  it('gives an inline command as a RESP array', () => {
    const parser = new RequestParser();
    parser.feed(Buffer.from('set  k "a b"\r\n'));
    assert.ok(parser.next());
    assert.deepEqual(parser.request.raw(), encodeCommand(['set', 'k', 'a b']));
  });
});

describe('RequestParser bounds', () => {
  it(`takes ${MAX_ARGUMENTS} arguments and no more`, () => {
    const parser = new RequestParser();
    const one = Buffer.from('$1\r\nx\r\n');
    parser.feed(Buffer.from(`*${MAX_ARGUMENTS}\r\n`));
    parser.feed(Buffer.alloc(one.length * MAX_ARGUMENTS, one));
    assert.ok(parser.next());
    assert.equal(parser.request.argc, MAX_ARGUMENTS);
    assert.equal(parser.request.text(MAX_ARGUMENTS - 1), 'x');
    assert.equal(
      parse([Buffer.from(`*${MAX_ARGUMENTS + 1}\r\n`)]).error,
      'Protocol error: invalid multibulk length',
    );
  });
  it('takes a bulk of 512 MiB and no more', () => {
    const before = '*1\r\n$';
    assert.equal(parse([Buffer.from(`${before}${MAX_BULK}\r\n`)]).error, null);
    assert.equal(
      parse([Buffer.from(`${before}${MAX_BULK + 1}\r\n`)]).error,
      'Protocol error: invalid bulk length',
    );
  });
  it('is narrower before a client has authenticated', () => {
    const narrow = () => {
      const parser = new RequestParser();
      parser.limit(10, 16384);
      return parser;
    };
    const rows: [string, string | null][] = [
      ['*10\r\n', null],
      ['*11\r\n', 'Protocol error: unauthenticated multibulk length'],
      ['*1\r\n$16384\r\n', null],
      ['*1\r\n$16385\r\n', 'Protocol error: unauthenticated bulk length'],
    ];
    for (const [bytes, error] of rows)
      assert.equal(parse([Buffer.from(bytes)], narrow()).error, error, bytes);
    const wide = narrow();
    wide.limit();
    assert.equal(parse([Buffer.from('*11\r\n$16385\r\n')], wide).error, null);
  });
  it('bounds an inline command, whole or not', () => {
    const line = 'x'.repeat(MAX_INLINE);
    const tooBig = 'Protocol error: too big inline request';
    assert.deepEqual(parse([Buffer.from(`${line}\n`)]).commands, [[line]]);
    assert.equal(parse([Buffer.from(`${line}x\n`)]).error, tooBig);
    assert.equal(parse([Buffer.from(line)]).error, null);
    assert.equal(parse([Buffer.from(`${line}x`)]).error, tooBig);
  });
  it('says how many bytes of an incomplete command it holds', () => {
    const parser = new RequestParser();
    parser.feed(Buffer.from('*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPI'));
    while (parser.next());
    assert.equal(parser.pending, 10);
    parser.feed(Buffer.from('NG\r\n'));
    while (parser.next());
    assert.equal(parser.pending, 0);
  });
  it('refuses to hold more than 1 GiB of an incomplete command', () => {
    const parser = new RequestParser();
    parser.feed(Buffer.from('*100\r\n$536870912\r\n'));
    assert.equal(parser.next(), false);
    // Never written to, so never in memory.
    assert.throws(() => parser.feed(Buffer.allocUnsafeSlow(1024 * 1024 * 1024)), ProtocolError);
  });
});

describe('RequestParser copies each byte a bounded number of times', () => {
  const SIZE = 4 * 1024 * 1024;
  const CHUNK = 16 * 1024;
  const run = (bytes: Buffer, argc: number) =>
    counted(() => {
      const parser = new RequestParser();
      for (let at = 0; at < bytes.length; at += CHUNK) {
        assert.equal(parser.next(), false);
        parser.feed(bytes.subarray(at, at + CHUNK));
      }
      assert.ok(parser.next());
      assert.equal(parser.request.argc, argc);
    });
  it('nothing that arrived whole', () => {
    const bytes = encodeCommand(['SET', 'k', 'x'.repeat(SIZE)]);
    const { copied } = counted(() => {
      const parser = new RequestParser();
      parser.feed(bytes);
      assert.ok(parser.next());
    });
    assert.equal(copied, 0);
  });
  it('one large argument: once, into a buffer of its size', () => {
    const bytes = encodeCommand(['SET', 'k', Buffer.alloc(SIZE, 120)]);
    const { copied, made } = run(bytes, 3);
    assert.ok(copied <= SIZE + 3 * CHUNK, `copied ${copied} of ${SIZE}`);
    assert.ok(made <= SIZE + 8 * CHUNK, `made ${made} for ${SIZE}`);
  });
  it('many small arguments: three times at most', () => {
    const words = Array.from({ length: SIZE / 16 }, (_, i) => `word${i}`.padEnd(9));
    const bytes = encodeCommand(words);
    const { copied } = run(bytes, words.length);
    assert.ok(copied <= 3 * bytes.length, `copied ${copied} of ${bytes.length}`);
  });
});
