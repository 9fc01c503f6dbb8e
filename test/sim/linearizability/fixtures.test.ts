// Published histories with published verdicts: the checker must agree with every one.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { check } from './check.js';
import { parseEtcd, parseKv } from './jepsen.js';
import { kv } from './models/kv.js';
import { register } from './models/register.js';

function repository(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) throw new Error('no package.json above this test');
    folder = dirname(folder);
  }
  return folder;
}

const fixtures = join(repository(), '../shared/fixtures/histories');
const skip = existsSync(fixtures) ? false : `skipped: no folder ${fixtures}`;

test('102 etcd histories have their known verdicts', { skip }, () => {
  const verdicts: Record<string, boolean> = JSON.parse(readFileSync(join(fixtures, 'verdicts.json'), 'utf8'));
  assert.equal(Object.keys(verdicts).length, 102);
  for (const [name, linearizable] of Object.entries(verdicts)) {
    const { verdict, violation } = check(
      register,
      parseEtcd(readFileSync(join(fixtures, 'etcd', name), 'utf8')),
    );
    assert.equal(verdict, linearizable ? 'ok' : 'violation', name);
    if (violation)
      assert.ok(violation.blocked.length > 0, `${name}: the excerpt names what could not be placed`);
  }
});

test('6 kv histories have the verdicts in their names', { skip }, () => {
  const names = readdirSync(join(fixtures, 'kv'));
  assert.equal(names.length, 6);
  for (const name of names) {
    const { verdict, violation } = check(kv, parseKv(readFileSync(join(fixtures, 'kv', name), 'utf8')));
    assert.equal(verdict, name.includes('ok') ? 'ok' : 'violation', name);
    if (violation) assert.equal(violation.keys.length, 1, `${name}: the excerpt names the key`);
  }
});
