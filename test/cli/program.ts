// Runs the compiled `towline` as a process, from whichever folder this test was compiled to.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's top folder: the one with package-lock.json. */
export function repository(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package-lock.json'))) {
    if (folder === dirname(folder)) throw new Error('no package-lock.json above this file');
    folder = dirname(folder);
  }
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

/**
 * Starts `towline ...args`; `finished` resolves when it has ended and all it printed is there.
 * `tied`: it has a channel to this process, and so it ends when this process does, however that happens.
 */
export function launch(
  args: string[],
  environment: Record<string, string> = {},
  tied = false,
): { child: ChildProcess; finished: Promise<Finished>; out: () => string } {
  const child = spawn(process.execPath, [programPath(), ...args], {
    stdio: ['ignore', 'pipe', 'pipe', ...(tied ? (['ipc'] as const) : [])],
    env: { ...cleanEnvironment(), ...environment },
  });
  let out = '';
  let err = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr!.on('data', (chunk: Buffer) => {
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

/** Whether a process runs; one that has ended but was not yet collected by its parent does not. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // The state stands after the name, which is in brackets and may hold anything.
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    // No /proc on this system: the signal's answer counts.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync('/proc/self');
  }
}

/** Resolves when none of the processes runs. A test that waits in vain fails by the runner's limit. */
export async function allGone(pids: number[]): Promise<void> {
  while (pids.some(alive)) await new Promise((resolve) => setTimeout(resolve, 20));
}
