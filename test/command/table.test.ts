// The table by itself: look-ups by bytes, keys, help, the page; no redis-server needed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compatibilityPage,
  databasesOf,
  find,
  findText,
  firstKey,
  keysOf,
  LEAVES,
  ROWS,
  refusal,
  resolve,
  UNSUPPORTED,
  unsupportedGroup,
  writeHelp,
} from '../../src/command/index.js';
import { ReplyWriter } from '../../src/resp/index.js';
import { requestOf } from '../store/harness.js';

const lookUp = (name: string) => {
  const bytes = Buffer.from(`..${name}..`, 'latin1');
  return find(bytes, 2, bytes.length - 2);
};

test('every row is found by its bytes, in any case, and by nothing near it', () => {
  for (const row of ROWS) {
    const mixed = [...row.name].map((c, i) => (i % 2 === 0 ? c.toUpperCase() : c)).join('');
    for (const name of [row.name, row.name.toUpperCase(), mixed]) assert.equal(lookUp(name), row, name);
    for (const name of [`${row.name}x`, row.name.slice(1), `x${row.name}`, row.name.slice(0, -1)]) {
      assert.equal(lookUp(name)?.name, ROWS.find((other) => other.name === name)?.name, name);
    }
  }
});

test('find agrees with findText on any bytes', () => {
  const names = fc.constantFrom(...ROWS.map((row) => row.name));
  // One byte changed, bit 5 above all: that is what the hash folds.
  const flipped = fc.tuple(names, fc.nat(), fc.constantFrom(0x20, 0x40, 0x80, 1)).map(([name, at, bit]) => {
    const bytes = Buffer.from(name);
    bytes[at % bytes.length]! ^= bit;
    return bytes.toString('latin1');
  });
  fc.assert(
    fc.property(fc.oneof(names, flipped, fc.string()), (name) => {
      fc.pre(!name.includes('|') && /^[\0-\x7f]*$/.test(name));
      assert.equal(lookUp(name), findText(name));
    }),
    { seed: 1, numRuns: 3000 },
  );
});

test('all rows have the same properties in the same order, and LEAVES is in order of their ids', () => {
  const shape = Object.keys(ROWS[0]!).join();
  for (const row of ROWS) {
    for (const each of [row, ...(row.subcommands ?? [])])
      assert.equal(Object.keys(each).join(), shape, each.name);
  }
  for (const [id, row] of LEAVES.entries()) assert.equal(row.id, id, row.name);
  assert.equal(findText('config')!.id, -1);
  assert.ok(findText('command')!.id >= 0, 'COMMAND is executed without a subcommand, too');
});

test('subcommands resolve to their own rows', () => {
  assert.equal(resolve(requestOf('CLIENT', 'SetName', 'x'))?.name, 'client|setname');
  assert.equal(resolve(requestOf('object', 'encoding', 'k'))?.name, 'object|encoding');
  assert.equal(resolve(requestOf('client')), null);
  assert.equal(resolve(requestOf('command'))?.name, 'command');
});

test('what is missing says so', () => {
  const text = (...words: string[]) => refusal(requestOf(...words));
  assert.equal(
    text('psync', 'k', 'f'),
    "ERR unknown command 'psync' (Towline does not have it yet), with args beginning with: 'k' 'f' ",
  );
  assert.equal(text('nosuch'), "ERR unknown command 'nosuch', with args beginning with: ");
  for (const names of Object.values(UNSUPPORTED)) {
    for (const name of names.split(' ')) {
      assert.equal(findText(name), undefined, `${name} is both missing and there`);
      assert.ok(unsupportedGroup(name.toUpperCase()) !== undefined);
    }
  }
});

test('keys stand where the rows say', () => {
  const keys = (line: string) => {
    const request = requestOf(...line.split(' '));
    const row = resolve(request);
    assert.ok(row !== null, line);
    return keysOf(row, request).map((i) => request.text(i));
  };
  assert.deepEqual(keys('MSET a 1 b 2'), ['a', 'b']);
  assert.deepEqual(keys('MSET a 1 b'), ['a', 'b']);
  assert.deepEqual(keys('BITOP AND d a b'), ['d', 'a', 'b']);
  assert.deepEqual(keys('COPY a b DB 3'), ['a', 'b']);
  assert.deepEqual(keys('OBJECT ENCODING a'), ['a']);
  assert.deepEqual(keys('MOVE a 3'), ['a']);
  assert.deepEqual(keys('PING'), []);
  assert.equal(firstKey(findText('bitop')!), 2);
  assert.equal(firstKey(findText('ping')!), 0);
});

test('a second database is the one that the command takes', () => {
  const databases = (line: string) => {
    const request = requestOf(...line.split(' '));
    return databasesOf(resolve(request)!, request, 2);
  };
  assert.deepEqual(databases('COPY a b'), [2]);
  assert.deepEqual(databases('COPY a b REPLACE db 5'), [2, 5]);
  assert.deepEqual(databases('COPY a b DB 5 DB 1'), [2, 1]);
  assert.deepEqual(databases('COPY a b DB 5 DB 2'), [2]);
  assert.deepEqual(databases('COPY a b DB 5 DB 16'), [2]);
  assert.deepEqual(databases('COPY a b DB DB 1'), [2]);
  assert.deepEqual(databases('COPY a b DB 1 DB'), [2, 1]);
  assert.deepEqual(databases('MOVE a 3'), [2, 3]);
  assert.deepEqual(databases('GET a'), [2]);
});

test('where each command runs', () => {
  const of = (where: string) =>
    LEAVES.filter((row) => row.where === where)
      .map((row) => row.name)
      .sort();
  assert.deepEqual(of('all'), [
    'dbsize',
    'flushall',
    'flushdb',
    'keys',
    'pfselftest',
    'randomkey',
    'scan',
    'swapdb',
  ]);
  for (const row of LEAVES) {
    if (row.where === 'router')
      assert.ok(
        [
          'connection',
          'server',
          'cluster',
          'generic',
          'pubsub',
          'towline',
          'transactions',
          'scripting',
          'stream',
        ].includes(row.group),
      );
    assert.equal(row.write, row.flags.includes('write'), row.name);
  }
  const split = LEAVES.filter((row) => row.split !== undefined).map((row) => `${row.name} ${row.split}`);
  assert.deepEqual(split.sort(), [
    'bitop aside',
    'blmove aside',
    'blmpop aside',
    'blpop aside',
    'brpop aside',
    'brpoplpush aside',
    'bzmpop aside',
    'bzpopmax aside',
    'bzpopmin aside',
    'copy aside',
    'del delete',
    'exists sum',
    'georadius aside',
    'georadiusbymember aside',
    'geosearchstore aside',
    'lcs aside',
    'lmove aside',
    'lmpop aside',
    'mget array',
    'mset pairs',
    'msetnx pairs-if-none',
    'pfcount aside',
    'pfmerge aside',
    'rename aside',
    'renamenx aside',
    'rpoplpush aside',
    'sdiff aside',
    'sdiffstore aside',
    'sinter aside',
    'sintercard aside',
    'sinterstore aside',
    'smove aside',
    'sort aside',
    'sunion aside',
    'sunionstore aside',
    'touch sum',
    'unlink delete',
    'xread streams',
    'xreadgroup aside',
    'zdiff aside',
    'zdiffstore aside',
    'zinter aside',
    'zintercard aside',
    'zinterstore aside',
    'zmpop aside',
    'zrangestore aside',
    'zunion aside',
    'zunionstore aside',
  ]);
});

test('HELP lists every subcommand', () => {
  for (const row of ROWS) {
    if (row.subcommands === undefined) continue;
    const reply = new ReplyWriter();
    writeHelp(row.name, reply);
    const text = reply.take().toString();
    for (const sub of row.subcommands) {
      assert.match(text, new RegExp(`\\+${sub.name.slice(row.name.length + 1).toUpperCase()}[ \r]`));
    }
  }
});

test('the compatibility page names every command once', () => {
  const lines = compatibilityPage()
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| command') && !line.startsWith('| ---'));
  const names = lines.map((line) => line.split(' | ')[0]!.slice(2));
  assert.equal(new Set(names).size, names.length);
  assert.equal(names.length, ROWS.length + Object.values(UNSUPPORTED).flatMap((n) => n.split(' ')).length);
  assert.ok(lines.some((line) => line.startsWith('| SET | string | yes |')));
  assert.ok(lines.some((line) => line.startsWith('| PSYNC | server | not yet |')));
});
