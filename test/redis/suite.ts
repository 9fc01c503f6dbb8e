// Runs units of Redis's own tests against a port, each as a process of its own that is ended with its children when it
// takes too long.
import { spawn } from 'node:child_process';
import { parseResults, type Result } from './results.js';

/** What one unit may take, ms. */
const PATIENCE_MS = 240_000;

/** What a unit printed, as results and as it was. */
export interface Ran {
  results: Result[];
  output: string;
  ms: number;
}

/** Runs one unit. @param folder with `runtest` @param skipped tests that are left out, by name */
export function runUnit(
  folder: string,
  port: number,
  unit: string,
  skipped: readonly string[] = [],
): Promise<Ran> {
  const args = [
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--ignore-encoding',
    '--ignore-digest',
    '--durable',
  ];
  args.push('--tags', '-slow -needs:debug', '--timeout', '200', '--single', `unit/${unit}`);
  for (const test of skipped) args.push('--skiptest', test);
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn('./runtest', args, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    const add = (chunk: Buffer) => {
      output += chunk.toString('latin1');
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    const limit = setTimeout(() => {
      output += '\n[err]: the unit took too long\n';
      // The whole group: runtest has children.
      process.kill(-child.pid!, 'SIGKILL');
    }, PATIENCE_MS);
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(limit);
      resolve({ results: parseResults(output), output, ms: performance.now() - begun });
    });
  });
}
