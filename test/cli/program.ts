// Runs the compiled `towline` as a process, from whichever folder this test was compiled to.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with package.json. */
export function repository(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** What node must run: bin/towline.js for the usual build, else the entry that was compiled beside this file. */
export function programPath(): string {
  const built = fileURLToPath(new URL('../../src/cli/entry.js', import.meta.url));
  const usual = built === join(repository(), 'dist/src/cli/entry.js');
  return usual ? join(repository(), 'bin/towline.js') : built;
}

/** A finished process. */
export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

/** Environment without any TOWLINE_* of the caller's. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('TOWLINE_'));
  return Object.fromEntries(entries);
}

/** Starts `towline ...args`; `finished` resolves when it has ended and all it printed is there. */
export function launch(
  args: string[],
  environment: Record<string, string> = {},
): { child: ChildProcess; finished: Promise<Finished>; out: () => string } {
  const child = spawn(process.execPath, [programPath(), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), ...environment },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk;
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });
  return { child, finished, out: () => out };
}

/** Runs `towline ...args` to its end. */
export function runTowline(args: string[], environment: Record<string, string> = {}): Promise<Finished> {
  return launch(args, environment).finished;
}
