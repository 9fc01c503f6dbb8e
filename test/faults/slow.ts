// A node behind a slow link: a proxy inside its namespace, to which new connections are redirected by a rule. As a
// program it is that proxy; it ends when the process that started it does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { TcpProxy } from './proxy.js';

const HERE = fileURLToPath(import.meta.url);

/** Starts the proxy where `prefix` runs it. @returns its port, and how to end it with all its connections */
export async function startSlowLink(
  prefix: readonly string[],
  host: string,
  port: number,
  delayMs: number,
): Promise<{ port: number; stop(): Promise<void> }> {
  const command = [...prefix, process.execPath, HERE, host, String(port), String(delayMs)];
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const gone = once(child, 'exit');
  const first = await Promise.race([
    once(child, 'message').then(([message]) => message as number),
    gone.then(() => null),
  ]);
  if (first === null) throw new Error('the proxy did not start');
  return {
    port: first,
    stop: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function main(): Promise<void> {
  const [host, port, delayMs] = process.argv.slice(2);
  const proxy = await TcpProxy.start([{ host: host!, port: Number(port) }], host);
  proxy.delay(Number(delayMs));
  process.on('disconnect', () => process.exit(0));
  process.send!(proxy.port);
}

if (process.argv[1] === HERE) void main();
