// One process of the cluster under test: started with a channel to this one, so that it ends when the runner does,
// however that happens. Must never be waited for without an end: a process that does not listen in time is an error.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { RoleMessage } from '../../src/cli/role.js';
import { programPath } from '../cli/program.js';

const START_MS = 30_000;
/** Longer than a role gives itself. */
const STOP_MS = 8000;
/** Lines kept of what a process printed. */
const MAX_LINES = 400;

/** What is to run. */
export interface RoleOptions {
  /** Name for people: g1/1, router/2, zookeeper. */
  name: string;
  /** Of `towline`. */
  args: string[];
  /** Stands before the command, to run it elsewhere: `ip netns exec x`. */
  prefix?: readonly string[];
}

/** A `towline` process. */
export class Role {
  readonly name: string;
  port = 0;
  id = '';
  /** The last lines that it printed. */
  readonly lines: string[] = [];
  /** Resolves when it is gone. */
  readonly exited: Promise<unknown>;
  gone = false;
  private readonly child: ChildProcess;

  private constructor({ name, args, prefix = [] }: RoleOptions) {
    this.name = name;
    const command = [...prefix, process.execPath, programPath(), ...args, '--json-logs'];
    const environment = Object.entries(process.env).filter(([key]) => !key.startsWith('TOWLINE_'));
    this.child = spawn(command[0]!, command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: Object.fromEntries(environment),
    });
    this.exited = once(this.child, 'close').then(() => {
      this.gone = true;
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        this.lines.push(...chunk.toString().split('\n').filter(Boolean));
        this.lines.splice(0, Math.max(0, this.lines.length - MAX_LINES));
      });
    }
  }

  /** Starts it; resolves when it listens. @throws Error with what it printed when it does not */
  static async start(options: RoleOptions): Promise<Role> {
    const role = new Role(options);
    const listens = new Promise<RoleMessage>((resolve) => role.child.once('message', resolve));
    const late = new Promise<null>((resolve) => setTimeout(resolve, START_MS, null).unref());
    const first = await Promise.race([listens, role.exited.then(() => null), late]);
    if (first === null || 'failed' in first) {
      role.signal('SIGKILL');
      throw new Error(`${options.name} did not start\n${role.lines.join('\n')}`);
    }
    role.port = first.listening;
    role.id = first.id;
    return role;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it by SIGTERM, or SIGKILL when that takes too long, or when it was frozen. */
  async stop(): Promise<void> {
    if (this.gone) return;
    this.signal('SIGTERM');
    this.signal('SIGCONT');
    const late = setTimeout(() => this.signal('SIGKILL'), STOP_MS);
    await this.exited;
    clearTimeout(late);
  }
}
