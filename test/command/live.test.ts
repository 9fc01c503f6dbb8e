// The table against a live redis-server 7.0: the same bytes from COMMAND, and the same refusals.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CommandRow, describe, LEAVES, refusal, resolve } from '../../src/command/index.js';
import { type Proto, ReplyWriter } from '../../src/resp/index.js';
import { needs } from '../needs.js';
import { requestOf } from '../store/harness.js';
import { startRedis } from '../store/redis.js';

/** Rows that redis-server 7.0 does not have, and why they are in the table. */
const NEWER: Readonly<Record<string, string>> = {
  'client|setinfo': 'of 7.2: ioredis 6 and node-redis send it on connecting',
  'client|no-touch': 'of 7.2: named by issue 2',
  'towline.lock': 'of Towline',
  'towline.unlock': 'of Towline',
  'towline.locks': 'of Towline',
};

/** Everything that redis-server describes too; containers have fewer subcommands here, which are compared singly. */
const COMPARED: readonly CommandRow[] = LEAVES.filter(
  (row) => row.subcommands === undefined && NEWER[row.name] === undefined,
);

function mine(proto: Proto, ...words: string[]): string {
  const reply = new ReplyWriter();
  reply.proto = proto;
  const request = requestOf(...words);
  if (resolve(request) === null) reply.error(refusal(request));
  else describe(request, reply);
  const bytes = reply.take();
  return bytes.latin1Slice(0, bytes.length);
}

for (const proto of [2, 3] as Proto[]) {
  test(`RESP${proto}: COMMAND INFO and DOCS as redis-server gives them`, needs('redis-server'), async (t) => {
    const connection = await (await startRedis(t))();
    await connection.ask('HELLO', String(proto));
    for (const { name } of COMPARED) {
      for (const sub of ['INFO', 'DOCS']) {
        assert.equal(
          mine(proto, 'COMMAND', sub, name),
          await connection.ask('COMMAND', sub, name),
          `${sub} ${name}`,
        );
      }
    }
    for (const name of Object.keys(NEWER)) {
      const known = await connection.ask('COMMAND', 'INFO', name);
      assert.equal(known, proto === 2 ? '*1\r\n$-1\r\n' : '*1\r\n_\r\n', `${name} is known: compare it`);
    }
  });

  test(`RESP${proto}: the rest of COMMAND as redis-server answers`, needs('redis-server'), async (t) => {
    const connection = await (await startRedis(t))();
    await connection.ask('HELLO', String(proto));
    const lines = [
      'COMMAND INFO nosuch get',
      'COMMAND DOCS nosuch',
      'COMMAND LIST FILTERBY PATTERN xyz*',
      'COMMAND LIST FILTERBY PATTERN strlen',
      'COMMAND LIST FILTERBY MODULE none',
      'COMMAND LIST FILTERBY',
      'COMMAND LIST nosuch',
      'COMMAND COUNT more',
      'COMMAND nosuch',
      'COMMAND GETKEYS',
      'COMMAND GETKEYS nosuch',
      'COMMAND GETKEYS GET',
      'COMMAND GETKEYS GET a b',
      'COMMAND GETKEYS GET a',
      'COMMAND GETKEYS PING',
      'COMMAND GETKEYS PING a b c',
      'COMMAND GETKEYS MSET a 1 b 2',
      'COMMAND GETKEYS MSET a 1 b',
      'COMMAND GETKEYS OBJECT ENCODING a',
      'COMMAND GETKEYS LMPOP 0 a LEFT',
      'COMMAND GETKEYS LMPOP 3 a LEFT',
      'COMMAND GETKEYS LMPOP 2 a LEFT',
      'COMMAND GETKEYS LMPOP x a LEFT',
      'COMMAND GETKEYSANDFLAGS LMPOP 1 a LEFT',
      'COMMAND GETKEYSANDFLAGS LMOVE a b LEFT LEFT',
      'COMMAND GETKEYS XREAD COUNT 1 STREAMS a b 0 $',
      'COMMAND GETKEYS XREAD STREAMS a b 0',
      'COMMAND GETKEYS XREAD BLOCK 1 NOSUCH a 0',
      'COMMAND GETKEYS XREADGROUP GROUP streams c NOACK STREAMS a b > >',
      'COMMAND GETKEYS XREADGROUP GROUP g c BLOCK STREAMS a >',
      'COMMAND GETKEYS XREADGROUP GROUP g c x STREAMS a > x y',
      'COMMAND GETKEYS XREADGROUP BLOCK STREAMS a > x y',
      'COMMAND GETKEYS XREADGROUP COUNT STREAMS GROUP g c STREAMS a >',
      'COMMAND GETKEYS XREADGROUP BLOCK 0 STREAMS a > b >',
      'COMMAND GETKEYS XREAD BLOCK STREAMS a 0',
      'COMMAND GETKEYS XREAD COUNT STREAMS STREAMS a 0',
      'COMMAND GETKEYS XGROUP CREATE a g $',
      'COMMAND GETKEYS PFMERGE a',
      'COMMAND GETKEYS PFMERGE a b',
      'COMMAND GETKEYS XINFO STREAM a',
      'COMMAND GETKEYS XINFO HELP',
      'COMMAND GETKEYSANDFLAGS XREAD STREAMS a b 0 0',
      'COMMAND GETKEYSANDFLAGS XREADGROUP GROUP g c STREAMS a b > >',
      'COMMAND GETKEYSANDFLAGS XADD a * f v',
      'COMMAND GETKEYS OBJECT nosuch a',
      'COMMAND GETKEYSANDFLAGS SET a 1',
      'COMMAND GETKEYSANDFLAGS SET a 1 GET',
      'COMMAND GETKEYSANDFLAGS BITFIELD a GET u8 0',
      'COMMAND GETKEYSANDFLAGS BITFIELD a GET u8 0 SET u8 0 1',
      'COMMAND GETKEYSANDFLAGS BITFIELD a INCRBY u8 0 1',
      'COMMAND GETKEYSANDFLAGS MSET a 1 b 2',
      'COMMAND GETKEYSANDFLAGS RENAME a b',
      'COMMAND GETKEYSANDFLAGS BITOP AND a b c',
      'COMMAND GETKEYSANDFLAGS DEL a b c',
      'COMMAND GETKEYSANDFLAGS OBJECT REFCOUNT a',
    ];
    for (const line of lines) {
      const words = line.split(' ');
      assert.equal(mine(proto, ...words), await connection.ask(...words), line);
    }
  });
}

test('refusals in the words of redis-server', needs('redis-server'), async (t) => {
  const connection = await (await startRedis(t))();
  const long = 'x'.repeat(300);
  const requests = [
    ['nosuch'],
    ['nosuch', 'a', 'b'],
    ['NoSuch\r\nx', 'a\r\nb', ''],
    [long, long, long],
    ['nosuch', 'x'.repeat(100), 'y'.repeat(100), 'z'],
    ['nosuch', ...Array.from({ length: 60 }, (_, i) => `a${i}`)],
    ['zero\0byte', 'in\0side', 'after'],
    ['\xff\xfe', '\x80'],
    [''],
    ['get'],
    ['GET', 'a', 'b'],
    ['client'],
    ['client', 'id', 'x'],
    ['CLIENT', 'NoSuch'],
    ['object', long],
    ['Config', 'get'],
    ['command', 'ge\0t'],
    ['object|encoding', 'a'],
  ];
  for (const words of requests) {
    const request = requestOf(...words);
    assert.equal(resolve(request), null, words.join(' '));
    const reply = new ReplyWriter();
    reply.error(refusal(request));
    const bytes = reply.take();
    assert.equal(
      JSON.stringify(bytes.latin1Slice(0, bytes.length)),
      JSON.stringify(await connection.ask(...words)),
    );
  }
});

test(
  'every command of redis-server is in the table or in the list of what is missing',
  needs('redis-server'),
  async (t) => {
    const { compatibilityPage, findText, unsupportedGroup } = await import('../../src/command/index.js');
    const connection = await (await startRedis(t))();
    const reply = await connection.ask('COMMAND', 'LIST');
    const names = reply.split('\r\n').filter((line) => /^[a-z]/.test(line) && !line.includes('|'));
    assert.ok(names.length >= 240, `${names.length} names`);
    const page = compatibilityPage();
    for (const name of names) {
      assert.notEqual(findText(name) === undefined, unsupportedGroup(name) === undefined, name);
      assert.ok(page.includes(`| ${name.toUpperCase()} |`), name);
    }
  },
);
