// What a group's primary has to say in INFO: counted as the keys come and go, per database.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolve } from '../../src/command/index.js';
import { LockTable } from '../../src/commit/index.js';
import { internalRead } from '../../src/data/internal.js';
import { Context, Store } from '../../src/store/index.js';
import { requestOf } from '../store/harness.js';

const NOW = 1_700_000_000_000;

class Node {
  readonly store = new Store();
  readonly ctx = new Context();

  constructor() {
    this.ctx.now = NOW;
  }
  run(line: string, db = 0): void {
    const request = requestOf(...line.split(' '));
    this.ctx.db = db;
    this.store.execute(resolve(request)!, request, this.ctx);
  }
  info(): Map<string, string> {
    const { ctx } = this;
    ctx.reply.clear();
    internalRead({ store: this.store, locks: new LockTable() }, undefined, requestOf('INFO'), ctx);
    const lines = ctx.reply.take().toString().split('\r\n');
    return new Map(
      lines.filter((line) => line.includes(':')).map((line) => line.split(':') as [string, string]),
    );
  }
}

test('keys with an expiry are counted in their own database', () => {
  const node = new Node();
  node.run('SET a 1 EX 100');
  node.run('SET b 1');
  node.run('SET c 1 PX 5', 3);
  node.run('SET d 1 EX 100', 3);
  assert.equal(node.info().get('db0'), 'keys=2,expires=1,avg_ttl=0');
  assert.equal(node.info().get('db3'), 'keys=2,expires=2,avg_ttl=0');
  node.run('PERSIST a');
  node.run('EXPIRE b 10');
  node.run('EXPIRE b 20');
  node.run('DEL d', 3);
  assert.equal(node.info().get('db0'), 'keys=2,expires=1,avg_ttl=0');
  assert.equal(node.info().get('db3'), 'keys=1,expires=1,avg_ttl=0');
  node.ctx.now += 6;
  node.run('GET c', 3);
  assert.equal(node.info().get('db3'), undefined);
  assert.equal(node.info().get('expired_keys'), '1');
  node.run('SET b 2');
  assert.equal(node.info().get('db0'), 'keys=2,expires=0,avg_ttl=0');
  node.run('SET e 1 EX 5');
  node.run('FLUSHALL');
  node.run('SET f 1');
  assert.equal(node.info().get('db0'), 'keys=1,expires=0,avg_ttl=0');
});

test('active expiry counts too', () => {
  const node = new Node();
  node.run('SET a 1 PX 1');
  node.run('SET b 1 PX 1', 5);
  node.ctx.now += 10;
  assert.equal(node.store.expireSome(node.ctx, 10), 2);
  assert.equal(node.info().get('expired_keys'), '2');
});

test('hits and misses are those of reading commands', () => {
  const node = new Node();
  node.run('SET a 1');
  node.run('INCR a');
  node.run('GET a');
  node.run('MGET a x y');
  node.run('EXISTS x');
  node.run('DEL x');
  assert.equal(node.info().get('keyspace_hits'), '2');
  assert.equal(node.info().get('keyspace_misses'), '3');
});

test('the peak of memory stays when the keys go', () => {
  const node = new Node();
  node.run(`SET a ${'x'.repeat(10_000)}`);
  const peak = Number(node.info().get('used_memory'));
  node.run('DEL a');
  node.run('SET b 1');
  assert.equal(Number(node.info().get('used_memory_peak')), peak);
  assert.ok(Number(node.info().get('used_memory')) < peak);
});

test('changes are counted, and what changes nothing is none', () => {
  const node = new Node();
  const changes = () => Number(node.info().get('changes'));
  for (const line of [
    'SETBIT a 7 0',
    'SETBIT a 7 0',
    'BITFIELD b SET u8 0 3 SET u8 8 4',
    'BITFIELD b SET u8 0 3',
  ])
    node.run(line);
  assert.equal(changes(), 3);
  for (const line of ['SETBIT a 7 1', 'SETBIT a 7 1', 'DEL a b', 'DEL a b', 'GET a']) node.run(line);
  assert.equal(changes(), 6);
});
