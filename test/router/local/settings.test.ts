// CONFIG: typed, bounded, atomic, and refused in words that say why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Settings } from '../../../src/router/local/index.js';
import { parseInteger, parseMemory, parseSmall } from '../../../src/router/local/parse.js';
import { bulk, FakeServer, run, words } from './fake.js';

test('numbers are read as strictly as Redis reads them', () => {
  assert.deepEqual(['0', '-1', '9223372036854775807', '-9223372036854775808'].map(parseInteger), [
    0n,
    -1n,
    9223372036854775807n,
    -9223372036854775808n,
  ]);
  for (const bad of ['', '-', '+1', '01', '-0', ' 1', '1 ', '1.0', '9223372036854775808', '1e3', '0x1']) {
    assert.equal(parseInteger(bad), null, bad);
  }
  assert.equal(parseSmall('9223372036854775807'), null);
  assert.deepEqual(
    ['0', '10', '1b', '1k', '1kb', '2MB', '3g', '1gb'].map(parseMemory),
    [0, 10, 1, 1000, 1024, 2097152, 3e9, 1073741824],
  );
  for (const bad of ['', 'k', '-1', '1zb', '1.5mb', ' 1']) assert.equal(parseMemory(bad), null, bad);
  assert.equal(parseMemory('99999999999999999999'), Number.POSITIVE_INFINITY);
});

test('what redis-benchmark and clients probe', async () => {
  assert.equal(await words('config get save'), `*2\r\n${bulk('save')}${bulk('')}`);
  assert.equal(await words('CONFIG GET appendonly'), `*2\r\n${bulk('appendonly')}${bulk('no')}`);
  assert.equal(await words('config get databases'), `*2\r\n${bulk('databases')}${bulk('16')}`);
  assert.equal(await words('config get nothing here'), '*0\r\n');
  const server = new FakeServer({ port: '6381' });
  const client = server.connect();
  client.proto = 3;
  // Several patterns that meet in one name show it once.
  assert.equal(
    await words('config get MAXMEMORY maxmemor? [p]ort', server, client),
    `%2\r\n${bulk('maxmemory')}${bulk('0')}${bulk('port')}${bulk('6381')}`,
  );
});

test('CONFIG GET reads patterns in any case, and does not stall on a hostile one', () => {
  const settings = new Settings();
  const names = (...patterns: string[]) => settings.get(patterns).map(([name]) => name);
  assert.deepEqual(names('MAXCL?ENTS'), ['maxclients']);
  assert.deepEqual(names('[M]axclients', 'max[A-C]lients', '*'.repeat(50) + 'maxclients'), ['maxclients']);
  assert.deepEqual(names('proto-max-bulk-le', ''), []);
  assert.ok(names('*').length > 80);
  assert.deepEqual(names(`${'*a'.repeat(5_000)}!`), []);
});

test('CONFIG SET changes the typed values, tells the listeners, and is all or nothing', () => {
  const settings = new Settings();
  const heard: string[][] = [];
  settings.onChange((names) => heard.push([...names]));
  assert.equal(
    settings.set([
      ['MaxClients', '7'],
      ['timeout', '30'],
      ['proto-max-bulk-len', '2mb'],
      ['client-output-buffer-limit', 'normal 1mb 2kb 3 replica 0 0 0'],
    ]),
    null,
  );
  const { values } = settings;
  assert.deepEqual([values.maxclients, values.timeout, values.protoMaxBulkLen], [7, 30, 2 << 20]);
  assert.deepEqual(values.outputLimit.normal, { hard: 1048576, soft: 2048, seconds: 3 });
  assert.deepEqual(settings.get(['client-output-buffer-limit']), [
    ['client-output-buffer-limit', 'normal 1048576 2048 3 slave 0 0 0 pubsub 33554432 8388608 60'],
  ]);
  assert.deepEqual(heard, [['maxclients', 'timeout', 'proto-max-bulk-len', 'client-output-buffer-limit']]);
  assert.match(
    settings.set([
      ['maxclients', '8'],
      ['timeout', '-1'],
    ]) ?? '',
    /related to argument 'timeout'/,
  );
  assert.equal(settings.values.maxclients, 7);
  assert.equal(heard.length, 1);
});

test('CONFIG SET refuses what it cannot mean', async () => {
  const failed = (name: string, why: string) =>
    `-ERR CONFIG SET failed (possibly related to argument '${name}') - ${why}\r\n`;
  const unknown = "-ERR Unknown option or number of arguments for CONFIG SET - 'Foo'\r\n";
  assert.equal(await words('config set Foo 1'), unknown);
  assert.equal(await words('config set maxclients 0 Foo 1'), unknown);
  assert.equal(await words('config set maxclients 1 timeout'), '-ERR syntax error\r\n');
  assert.equal(await words('config set Port 1'), failed('Port', "can't set immutable config"));
  assert.equal(await words('config set dir /tmp'), failed('dir', "can't set protected config"));
  assert.equal(await words('config set timeout 1 TIMEOUT 2'), failed('TIMEOUT', 'duplicate parameter'));
  assert.equal(
    await words('config set enable-debug-command yes'),
    failed('enable-debug-command', "can't set immutable config"),
  );
  // A fixed setting accepts the value it has, in any form, and says why not another.
  assert.equal(await words('config set appendonly NO'), '+OK\r\n');
  assert.equal(await words('config set maxmemory 0kb'), '+OK\r\n');
  assert.match(
    await words('config set appendonly yes'),
    /^-ERR .*'appendonly'\) - Towline does not have this/,
  );
  assert.match(await words('config set maxmemory 1gb'), /^-ERR .*'maxmemory'\)/);
});

test('settings at start: read-only ones may be given, wrong ones are named', () => {
  const settings = new Settings({ bind: '0.0.0.0', 'enable-debug-command': 'NO', maxclients: '5' });
  assert.deepEqual(
    settings
      .get(['bind', 'enable-debug-command', 'maxclients'])
      .map(([, value]) => value)
      .sort(),
    ['0.0.0.0', '5', 'no'],
  );
  assert.throws(() => new Settings({ maxclients: 'x' }), /^Error: maxclients: argument couldn't be parsed/);
  assert.throws(() => new Settings({ foo: 'x' }), /^Error: foo: no such setting/);
  assert.throws(() => new Settings({ 'enable-debug-command': 'x' }), /no, yes, local/);
});

test('CONFIG RESETSTAT and REWRITE', async () => {
  const server = new FakeServer();
  server.statistics.commands = 5;
  server.statistics.calls[1] = 2;
  server.statistics.error('ERR x');
  assert.equal(await words('config resetstat', server), '+OK\r\n');
  assert.deepEqual(
    [server.statistics.commands, server.statistics.calls[1], server.statistics.errors],
    [0, 0, 0],
  );
  assert.equal(server.statistics.errorsByPrefix.size, 0);
  assert.equal(await words('config rewrite', server), '-ERR The server is running without a config file\r\n');
  assert.match(await run(server, server.connect(), 'config', 'help'), /^\*\d+\r\n\+CONFIG </);
});
