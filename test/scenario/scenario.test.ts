// Runs each *.txt of this folder: lines that begin with > are commands, the lines below each are all that it makes
// happen. The whole trace is compared. SCENARIO_WRITE=1 writes what happened instead: read the difference.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { World } from './world.js';

/** This folder in the repository, wherever the tests were built to. */
function folder(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(at, 'package.json'))) at = dirname(at);
  return join(at, 'test', 'scenario');
}

const COMMANDS: Record<string, (world: World, words: string[]) => void> = {
  groups: (world, names) => {
    for (const name of names) world.group(name);
  },
  // begin r1:1 g1 g2 ?g3: writes at g1 and g2, reads at g3.
  begin: (world, [txn, ...groups]) =>
    world.begin(
      txn!,
      groups.filter((group) => !group.startsWith('?')),
      groups.filter((group) => group.startsWith('?')).map((group) => group.slice(1)),
    ),
  // run until prepare: the next message would be a prepare.
  run: (world, [, word]) => world.run(word),
  hold: (world, [from, to]) => world.hold(from!, to!, true),
  free: (world, [from, to]) => world.hold(from!, to!, false),
  cut: (world, [name]) => world.cut(name!, true),
  heal: (world, [name]) => world.cut(name!, false),
  ring: (world, [name, version]) => world.ring(name!, Number(version)),
  disconnect: (world, [router, group]) => world.disconnect(router!, group!),
  connect: (world, [router, group]) => world.connect(router!, group!),
  crash: (world, [router]) => world.crash(router!),
  primary: (world, [group]) => world.newPrimary(group!),
  resolve: (world, [group]) => world.resolve(group!),
  expire: (world, [txn]) => world.expire(txn!),
  status: (world) => world.status(),
};

/** The scenario with what really happened below each command. */
function play(script: string): string {
  const world = new World();
  const lines: string[] = [];
  for (const line of script.split('\n')) {
    if (line.startsWith('#') || line === '') lines.push(line);
    if (!line.startsWith('> ')) continue;
    lines.push(line);
    const [name, ...words] = line.slice(2).trim().split(/ +/);
    const command = COMMANDS[name!];
    if (command === undefined) throw new Error(`no such command: ${line}`);
    world.trace.length = 0;
    try {
      command(world, words);
    } catch (error) {
      world.trace.push(`broken: ${(error as Error).message}`);
    }
    lines.push(...world.trace.map((each) => `  ${each}`));
  }
  return lines.join('\n');
}

describe('scenario', () => {
  const home = folder();
  const files = readdirSync(home).filter((name) => name.endsWith('.txt'));
  it('there are some', () => assert.ok(files.length > 0));
  for (const file of files.sort()) {
    it(file.replace('.txt', '').replaceAll('-', ' '), () => {
      const path = join(home, file);
      const script = readFileSync(path, 'utf8');
      const happened = play(script);
      if (process.env['SCENARIO_WRITE'] === '1') writeFileSync(path, happened);
      else assert.equal(happened, script);
    });
  }
});
