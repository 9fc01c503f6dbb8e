// Lists: replies, effects, copies, payloads; long ones; moves over groups.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Context, type KeyState, runAside, Store } from '../../src/store/index.js';
import { List } from '../../src/store/list-value.js';
import { testFamily } from './collections.js';
import { Primary, requestOf } from './harness.js';
import { LIST_KEYS, listCommand } from './list-commands.js';

testFamily('list', LIST_KEYS, { command: listCommand, normal: (_words, reply) => reply });

/** One change of a list of a few thousand elements. */
const change = fc.oneof(
  fc.record({ verb: fc.constantFrom('push', 'pop'), end: fc.constantFrom('left', 'right'), n: fc.nat(400) }),
  fc.record({
    verb: fc.constantFrom('insert', 'set', 'cut', 'equal'),
    end: fc.constantFrom('left', 'right'),
    n: fc.nat(),
  }),
);

test('a long list is what an array would be', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60, size: 'max' }), (changes) => {
      const list = new List();
      let model: string[] = [];
      let next = 0;
      for (const { verb, end, n } of changes) {
        const left = end === 'left';
        const at = model.length === 0 ? 0 : n % model.length;
        if (verb === 'push') {
          for (let i = 0; i < n; i++) {
            const value = `${next++ % 50}`;
            list.push(left ? 'left' : 'right', value);
            if (left) model.unshift(value);
            else model.push(value);
          }
        } else if (verb === 'pop') {
          for (let i = 0; i < Math.min(n, model.length); i++)
            assert.equal(list.pop(left ? 'left' : 'right'), left ? model.shift() : model.pop());
        } else if (verb === 'insert') {
          list.insert(at, 'new');
          model.splice(at, 0, 'new');
        } else if (model.length === 0) continue;
        else if (verb === 'set') {
          list.set(at, 'longer than before');
          model[at] = 'longer than before';
        } else if (verb === 'cut') {
          const count = Math.min(1 + (n % 700), model.length - at);
          list.removeRange(at, count);
          model.splice(at, count);
        } else {
          const limit = 1 + (n % 9);
          const wanted = model[at]!;
          let removed = 0;
          const keep = (each: string) => each !== wanted || removed++ >= limit;
          model = left ? model.filter(keep) : model.reverse().filter(keep).reverse();
          assert.equal(list.removeEqual(wanted, limit, left ? 'left' : 'right'), Math.min(removed, limit));
        }
        assert.equal(list.size, model.length);
        if (model.length > 0) assert.equal(list.at(n % model.length), model[n % model.length]);
      }
      assert.deepEqual([...list.values()], model);
      assert.deepEqual([...list.backwards()], model.reverse());
      assert.equal(list.held, 96 + list.size * 24 + model.join('').length);
    }),
    { seed: 41, numRuns: 150 },
  );
});

test('100,000 elements: both ends, the middle, and a payload', () => {
  const primary = new Primary();
  for (let i = 0; i < 100_000; i += 1000) {
    primary.run('RPUSH', 'l', ...Array.from({ length: 1000 }, (_, j) => `element ${i + j}`));
    primary.ctx.effects.clear();
  }
  for (let i = 0; i < 100_000; i += 997) {
    assert.equal(primary.line(`LINDEX l ${i}`), `$${`element ${i}`.length}\r\nelement ${i}\r\n`);
  }
  for (let i = 0; i < 50_000; i++) {
    const value = `element ${i}`;
    assert.equal(primary.line('LMOVE l l LEFT RIGHT'), `$${value.length}\r\n${value}\r\n`);
    primary.ctx.effects.clear();
  }
  for (let i = 0; i < 300; i++) primary.run('LINSERT', 'l', 'AFTER', 'element 0', `new ${i}`);
  assert.equal(primary.line('LLEN l'), ':100300\r\n');
  const payload = primary.store.exportKey(0, 'l')!;
  const copy = new Store();
  copy.importKey(0, 'l', payload, 1);
  assert.deepEqual(copy.exportKey(0, 'l'), payload);
  assert.equal(copy.bytes, primary.store.bytes);
  assert.equal(primary.line('LPOP l 200000').split('\r\n').length, 200_602);
  assert.equal(primary.store.bytes, 0);
});

test('effects name one key each', () => {
  const primary = new Primary();
  const effects = (line: string) => {
    primary.line(line);
    return primary.effects();
  };
  assert.deepEqual(effects('RPUSH a 1 2 3 4 5'), ['RPUSH a 1 2 3 4 5']);
  assert.deepEqual(effects('LPUSHX b 1'), []);
  assert.deepEqual(effects('LMOVE a b LEFT RIGHT'), ['LPOP a', 'RPUSH b 1']);
  assert.deepEqual(effects('RPOPLPUSH a b'), ['RPOP a', 'LPUSH b 5']);
  assert.deepEqual(effects('RPOPLPUSH a a'), ['RPOPLPUSH a a']);
  assert.deepEqual(effects('LMPOP 3 nosuch a b RIGHT COUNT 2'), ['RPOP a 2']);
  assert.deepEqual(effects('LMPOP 2 nosuch none LEFT'), []);
  assert.deepEqual(effects('LPOP a 0'), []);
  assert.deepEqual(effects('LTRIM b 0 -1'), ['LTRIM b 0 -1']);
  assert.deepEqual(effects('LREM b 0 nosuch'), []);
  assert.deepEqual(effects('LPOP a 9'), ['LPOP a 9']);
  assert.equal(primary.line('EXISTS a'), ':0\r\n');
  // The only element of a list that expires goes round: the key stays, and when it expires.
  primary.line('RPUSH one x');
  primary.line('PEXPIREAT one 33000000000000');
  primary.line('LMOVE one one LEFT LEFT');
  assert.equal(primary.line('PEXPIRETIME one'), ':33000000000000\r\n');
});

test('moves over groups run aside, and say which lists changed', () => {
  const primary = new Primary();
  primary.line('RPUSH a 1 2');
  primary.line('RPUSH b 9');
  primary.line('SET s x');
  const fetched: KeyState[] = ['a', 'b', 's', 'none'].map((key) => ({
    db: 0,
    key,
    payload: primary.store.exportKey(0, key),
  }));
  const run = (line: string) => {
    const ctx = new Context();
    ctx.now = primary.ctx.now;
    const { changes } = runAside(fetched, [{ db: 0, request: requestOf(...line.split(' ')) }], ctx);
    const target = new Store();
    const after = changes.map(({ key, payload }) => {
      if (payload === null) return `${key} gone`;
      target.importKey(0, key, payload, 1);
      const { value } = target.peek(0, key)!;
      return `${key} ${value instanceof List ? [...value.values()].join() : value}`;
    });
    return [ctx.reply.take().toString('latin1'), ...after];
  };
  assert.deepEqual(run('LMOVE a b RIGHT LEFT'), ['$1\r\n2\r\n', 'a 1', 'b 2,9']);
  assert.deepEqual(run('RPOPLPUSH b none'), ['$1\r\n9\r\n', 'b gone', 'none 9']);
  assert.deepEqual(run('LMPOP 2 none a LEFT COUNT 5'), [
    '*2\r\n$1\r\na\r\n*2\r\n$1\r\n1\r\n$1\r\n2\r\n',
    'a gone',
  ]);
  assert.deepEqual(run('LMOVE none a LEFT LEFT'), ['$-1\r\n']);
  assert.match(run('LMOVE a s LEFT LEFT').join(), /^-WRONGTYPE [^,]*$/);
});
