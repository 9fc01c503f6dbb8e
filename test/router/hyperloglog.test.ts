// HyperLogLogs over several groups, while keys move, and through the death of a primary: what PFCOUNT writes into a
// value is there afterwards.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { TestCluster } from './exec-cluster.js';

const counted = (value: string) => (value.charCodeAt(value.indexOf('HYLL') + 15) & 0x80) === 0;

it('counts and merges over groups, and takes a value to where its slot went', () => {
  const cluster = new TestCluster({ groups: ['g1', 'g2'] });
  const client = cluster.client();
  const names = cluster.names('h', 10);
  const [first, last] = [names[0]!, names.at(-1)!];
  names.forEach((name, i) => {
    client.ask(`PFADD ${name} common e${i}`);
  });
  const all = `:${names.length + 1}\r\n`;
  assert.equal(client.ask(`PFCOUNT ${names.join(' ')}`), all);
  assert.equal(client.ask(`PFMERGE ${last} ${names.join(' ')}`), '+OK\r\n');
  assert.equal(client.ask(`PFCOUNT ${last}`), all);
  assert.deepEqual(
    client.all('MULTI', `PFADD ${first} x`, `PFCOUNT ${first}`, `PFCOUNT ${last}`, 'EXEC').at(-1),
    `*3\r\n:1\r\n:3\r\n${all}`,
  );
  assert.equal(client.ask('PFSELFTEST'), '+OK\r\n');
  // Read where they are, written where they belong.
  cluster.weigh('g1', 4);
  for (const name of names.slice(1, -1)) assert.equal(client.ask(`PFCOUNT ${name}`), ':2\r\n');
  const values = names.map((name) => client.ask(`GET ${name}`));
  assert.ok(values.slice(1).every(counted) && !counted(values[0]!));
  cluster.killPrimary('g1');
  cluster.killPrimary('g2');
  assert.deepEqual(
    names.map((name) => client.ask(`GET ${name}`)),
    values,
  );
  for (const name of names) assert.equal(client.ask(`PFADD ${name} another`), ':1\r\n');
  assert.equal(client.ask(`PFMERGE ${first} ${names.join(' ')}`), '+OK\r\n');
  cluster.drain();
  assert.equal(client.ask(`PFCOUNT ${first}`), `:${names.length + 3}\r\n`);
});
