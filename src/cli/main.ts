// The `towline` program: chooses the command and turns its end into an exit code. 0: done; 1: could not be done;
// 2: the command line, the environment or a file is not valid.
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { commandOf } from './command.js';
import { Failure, UsageError } from './failure.js';

type Done = (code: number) => void;

/** The commands, each from a module of its own: a command line waits for those alone that it names. */
const COMMANDS = new Map<string, (done: Done) => Promise<Command>>([
  ['up', async (done) => commandOf((await import('./up.js')).up, done)],
  ['router', async (done) => commandOf((await import('./router.js')).router, done)],
  ['data', async (done) => commandOf((await import('./data.js')).data, done)],
  ['zk', async (done) => commandOf((await import('./zk.js')).zk, done)],
  ['status', async (done) => commandOf((await import('./status.js')).status, done)],
  ['workload', async (done) => commandOf((await import('./workload.js')).workload, done)],
  ['tour', async (done) => commandOf((await import('./tour.js')).tour, done)],
  ['group', async (done) => (await import('./group.js')).groupCommand(done)],
  ['ring', async (done) => (await import('./ring.js')).ringCommand(done)],
]);

/** The version in package.json, which lies in a folder above this file. */
function version(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    try {
      const text = readFileSync(new URL('package.json', folder), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch (error) {
      if (folder.pathname === '/') throw error;
    }
  }
}

/**
 * Runs one command line, `argv` as in process.argv.
 * @returns the exit code; messages have been printed. A role process resolves only when it has stopped.
 */
export async function main(argv: string[]): Promise<number> {
  let code = 0;
  const done: Done = (result) => {
    code = result;
  };
  const program = new Command('towline')
    .description('A Redis endpoint that keeps every acknowledged write on every in-sync copy.')
    .version(version())
    .exitOverride();
  const named = COMMANDS.get(argv[2] ?? '');
  for (const load of named ? [named] : COMMANDS.values()) {
    const command = await load(done);
    program.addCommand(command.copyInheritedSettings(program));
    for (const part of command.commands) part.copyInheritedSettings(command);
  }
  try {
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    // Commander has printed its own message; help and --version come this way too, with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof UsageError) {
      process.stderr.write(`towline: ${error.message}\n`);
      return 2;
    }
    if (error instanceof Failure) {
      process.stderr.write(`towline: ${error.message}\n`);
      return 1;
    }
    throw error;
  }
}
