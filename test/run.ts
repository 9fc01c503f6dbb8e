// Runs every *.test.js below this folder (or below the ones named) on node's own test runner.
// Written as a program because Node 20's command line knows no globs and Node 22's takes no folder.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

function collect(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => collect(join(path, name)))
    .filter((file) => file.endsWith('.test.js'));
}

const named = process.argv.slice(2).map((name) => join(here, name));
// Two at a time: the machines this must pass on have two cores.
const files = (named.length > 0 ? named : [here]).flatMap(collect);
run({ files, concurrency: 2, timeout: 15 * 60 * 1000 })
  .on('test:fail', (data) => {
    if (data.todo === undefined || data.todo === false) process.exitCode = 1;
  })
  .compose(new spec())
  .pipe(process.stdout);
