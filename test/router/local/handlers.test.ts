// The command table says what a router answers itself; this folder must have all of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEAVES, ROWS } from '../../../src/command/index.js';
import { localHandlers } from '../../../src/router/local/index.js';
import { bulk, words } from './fake.js';

test('every row that a router answers itself has a handler', () => {
  const absent = LEAVES.filter(({ name, where }) => where === 'router' && localHandlers[name] === undefined);
  assert.deepEqual(
    absent.map(({ name }) => name),
    [],
  );
});

test('no handler stands for a row that is executed elsewhere', () => {
  const elsewhere = LEAVES.filter(
    ({ name, where }) => where !== 'router' && localHandlers[name] !== undefined,
  );
  assert.deepEqual(
    elsewhere.map(({ name }) => name),
    [],
  );
});

test('COMMAND answers from the table', async () => {
  assert.equal(await words('command count'), `:${ROWS.length}\r\n`);
  assert.equal(await words('command getkeys get k'), `*1\r\n${bulk('k')}`);
  assert.match(await words('command'), new RegExp(`^\\*${ROWS.length}\\r\\n`));
  assert.match(await words('command docs ping'), /summary/);
});
