// Whose configuration is it (R3)? Every case of Origins, with a member that holds data and one that does not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Origins } from '../../src/data/origins.js';

function driven(holding = false) {
  const said: (string | null)[] = [];
  const state = { holding, anew: 0 };
  const origins = new Origins({
    holding: () => state.holding,
    trouble: (why) => said.push(why),
    anew: () => state.anew++,
  });
  return { origins, state, last: () => said.at(-1) };
}

describe('Origins', () => {
  it('takes every configuration of one origin', () => {
    const { origins, state, last } = driven();
    assert.ok(origins.takes(7n));
    state.holding = true;
    assert.ok(origins.takes(7n));
    assert.deepEqual([last(), state.anew], [null, 0]);
  });
  it('refuses another origin to a member with data, as long as it takes, and is well again when the own one is back', () => {
    const { origins, state, last } = driven();
    origins.takes(7n);
    state.holding = true;
    origins.gone();
    assert.match(last()!, /has lost/);
    assert.ok(!origins.takes(9n));
    assert.match(last()!, /refuses it/);
    assert.ok(!origins.takes(9n));
    assert.ok(!origins.takes(11n));
    origins.repeat();
    assert.match(last()!, /refuses it/);
    assert.ok(origins.takes(7n));
    assert.deepEqual([last(), state.anew], [null, 0]);
  });
  it('lets a member without data begin anew under another origin', () => {
    const { origins, state, last } = driven();
    origins.takes(7n);
    origins.gone();
    assert.equal(last(), null);
    assert.ok(origins.takes(9n));
    assert.deepEqual([last(), state.anew], [null, 1]);
    assert.ok(origins.takes(9n));
    assert.equal(state.anew, 1);
  });
  it('says who keeps a group from being begun anew, until there is a configuration', () => {
    const { origins, last } = driven();
    origins.gone();
    assert.equal(last(), undefined, 'a group that was never there is not missed');
    origins.held('a:1@x');
    assert.match(last()!, /while a:1@x runs/);
    origins.held(null);
    assert.equal(last(), null);
    origins.held('a:1@x');
    assert.ok(origins.takes(3n));
    assert.equal(last(), null);
    origins.held('a:1@x');
    assert.equal(last(), null);
  });
});
