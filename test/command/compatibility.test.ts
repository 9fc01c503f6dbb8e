// docs/compatibility.md is made from the command table: it must be what the table says now.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { compatibilityPage } from '../../src/command/index.js';

function repository(): URL {
  let folder = new URL('.', import.meta.url);
  while (!existsSync(new URL('package-lock.json', folder))) folder = new URL('..', folder);
  return folder;
}

test('docs/compatibility.md is up to date (UPDATE=1 writes it)', () => {
  const file = new URL('docs/compatibility.md', repository());
  if (process.env['UPDATE'] === '1') writeFileSync(file, compatibilityPage());
  assert.equal(readFileSync(file, 'utf8'), compatibilityPage());
});
