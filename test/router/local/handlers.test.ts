// The command table says what a router answers itself; this folder must have all of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEAVES, ROWS } from '../../../src/command/index.js';
import { encodeCommand, ReplyWriter, RequestParser } from '../../../src/resp/index.js';
import { localHandlers, waitingCommands } from '../../../src/router/local/index.js';
import { bulk, FakeServer, words } from './fake.js';

/** Handled by the session's transactions (src/router/transactions.ts), before anything is local. */
const OF_TRANSACTIONS = new Set(['multi', 'exec', 'discard', 'watch']);

test('every row that a router answers itself has a handler', () => {
  const absent = LEAVES.filter(
    ({ name, where }) =>
      where === 'router' && localHandlers[name] === undefined && !OF_TRANSACTIONS.has(name),
  );
  assert.deepEqual(
    absent.map(({ name }) => name),
    [],
  );
});

test('every handler has a row that a router answers itself', () => {
  // COMMAND is a container that is a command too.
  const known = new Set(
    [...ROWS, ...LEAVES].filter(({ where }) => where === 'router').map(({ name }) => name),
  );
  assert.deepEqual(
    Object.keys(localHandlers).filter((name) => !known.has(name)),
    [],
  );
});

test('handlers that answer later are those that the session waits for', async () => {
  const later = new Set<string>();
  for (const row of LEAVES) {
    if (row.where !== 'router' || OF_TRANSACTIONS.has(row.name)) continue;
    // Words that bring the handlers which may wait to where they do.
    for (const filler of ['0', 'sleep', 'keyspace']) {
      const words = row.name.split('|');
      while (words.length < Math.abs(row.arity)) words.push(filler);
      if (row.name === 'debug') words.splice(1, 9, 'sleep', '1');
      if (row.name === 'client|tracking') words.splice(2, 9, 'on');
      if (row.name === 'config|set') words.splice(2, 9, 'notify-keyspace-events', 'KEA');
      const server = new FakeServer({ 'enable-debug-command': 'yes' });
      const parser = new RequestParser();
      parser.feed(encodeCommand(words));
      assert.ok(parser.next());
      const answer = localHandlers[row.name]!(parser.request, server.connect(), server, new ReplyWriter());
      if (answer instanceof Promise) later.add(row.name);
      for (const wake of server.wake) wake();
      await answer;
    }
  }
  assert.deepEqual([...waitingCommands].sort(), [...later].sort());
});

test('COMMAND answers from the table', async () => {
  assert.equal(await words('command count'), `:${ROWS.length}\r\n`);
  assert.equal(await words('command getkeys get k'), `*1\r\n${bulk('k')}`);
  assert.match(await words('command'), new RegExp(`^\\*${ROWS.length}\\r\\n`));
  assert.match(await words('command docs ping'), /summary/);
});
