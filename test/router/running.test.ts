// INFO's failed_calls and rejected_calls: each error counts for the command that it answers, however many are unanswered.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { TestCluster } from './exec-cluster.js';

const statsOf = (info: string) =>
  Object.fromEntries(
    [...info.matchAll(/cmdstat_([^:]+):calls=(\d+),.*rejected_calls=(\d+),failed_calls=(\d+)/g)].map(
      ([, name, ...counts]) => [name, counts.join(' ')],
    ),
  );

it('counts calls, those that failed, and those that nobody executed', () => {
  const cluster = new TestCluster();
  const client = cluster.client();
  const names = cluster.names('k', 20);
  client.askAll(...names.map((name) => ['SET', name, 'x']));
  // Far more at once than the ring begins with, answered by three groups in no order of theirs.
  client.askAll(
    ...names.flatMap((name) => [
      ['INCR', name],
      ['GET', name],
      ['LPUSH', name, '1'],
      ['STRLEN', name],
    ]),
  );
  client.all(
    `GET ${names[0]} x`,
    'GET',
    'NONSENSE',
    'EXEC',
    `LPUSH ${names[0]}`,
    'CONFIG NONSENSE',
    'CLIENT KILL x',
  );
  const stats = statsOf(client.ask('INFO commandstats'));
  assert.equal(stats['set'], '60 0 0');
  assert.equal(stats['incr'], '60 0 60');
  assert.equal(stats['get'], '60 2 0');
  assert.equal(stats['lpush'], '60 1 60');
  assert.equal(stats['strlen'], '60 0 0');
  assert.equal(stats['exec'], '1 0 1');
  assert.equal(stats['client|kill'], '1 0 1');
});
