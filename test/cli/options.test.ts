// Options, conf files and docs agree: each option of a role stands in its conf file with its meaning, example and
// default, and nothing else stands there; docs/options.md is the table of options.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileKey, flagName, readSettings, variableName } from '../../src/cli/settings.js';
import { optionsPage, WITH_FILE } from './options-page.js';
import { repository } from './program.js';

/** Keys of conf/zoo.cfg that only a real ZooKeeper reads. */
const FOREIGN = ['dataDir', 'admin.enableServer', '4lw.commands.whitelist'];

for (const { name, options, file } of WITH_FILE) {
  test(`${file} shows every option of towline ${name}`, async () => {
    const path = join(repository(), file!);
    const text = readFileSync(path, 'utf8');
    const words = text.replace(/\n# /g, ' ').replace(/\s+/g, ' ');
    const values = await readSettings(path);
    const keys = new Set<string>();
    for (const [option, about] of Object.entries(options)) {
      const key = fileKey(option, about);
      // ZooKeeper's own file has no place for how we log.
      if (file!.endsWith('.cfg') && about.key === undefined) continue;
      keys.add(key);
      const comment = `${about.meaning}. Flag --${flagName(option)}, environment ${variableName(option)}. Example: ${about.example}. Default: ${about.initial ?? 'none'}.`;
      assert.ok(words.includes(comment), `${key}: expected the comment '${comment}'`);
      about.parse(about.example);
      if (about.initial === null) {
        assert.ok(text.includes(`\n# ${key}: ${about.example}\n`), `${key}: expected it commented out`);
        assert.ok(!values.has(key));
      } else {
        assert.equal(values.get(key), about.initial, key);
        about.parse(about.initial);
      }
    }
    const others = [...values.keys()].filter((key) => !keys.has(key));
    assert.deepEqual(others, file!.endsWith('.cfg') ? FOREIGN : []);
  });
}

test('docs/options.md is the table of options', () => {
  const path = join(repository(), 'docs/options.md');
  if (process.env['UPDATE'] === '1') writeFileSync(path, optionsPage());
  assert.equal(readFileSync(path, 'utf8'), optionsPage());
});
