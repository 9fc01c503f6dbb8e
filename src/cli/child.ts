// One child process of `towline up`: a role with a name. Knows when it listens, when it failed and when it is gone;
// decides nothing about the others.
import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Failure } from './failure.js';
import type { RoleMessage } from './role.js';

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A role's process. */
export class Child {
  /** The port once it listens. @throws Failure when the process ends before that */
  readonly listening: Promise<number>;
  /** Resolves when the process is gone and what it printed has been handed on. */
  readonly exited: Promise<Exit>;
  /** Set when it listens. */
  port = 0;
  /** The role's name for itself; set when it listens. */
  id = '';
  /** Set when the process is gone. */
  exit: Exit | null = null;
  readonly #process: ChildProcess;

  /**
   * Starts `towline ...args`. `line` gets each line that it prints; those of a failed start come as `listening`'s
   * error instead.
   */
  constructor(
    readonly name: string,
    readonly args: string[],
    line: (text: string) => void,
  ) {
    const child = fork(process.argv[1]!, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.#process = child;
    let failure = '';
    let resolveReady = (_port: number) => {};
    let rejectReady = (_why: Error) => {};
    this.listening = new Promise((resolve, reject) => {
      resolveReady = resolve;
      rejectReady = reject;
    });
    // Nobody may be waiting any more when a later one fails.
    this.listening.catch(() => {});
    child.on('message', (message: RoleMessage) => {
      if ('failed' in message) {
        failure = message.failed;
        return;
      }
      this.port = message.listening;
      this.id = message.id;
      resolveReady(message.listening);
    });
    const out = createInterface({ input: child.stdout! });
    const errors = createInterface({ input: child.stderr! });
    out.on('line', line);
    errors.on('line', (text) => {
      // What it also reported as its failure need not be said twice.
      if (failure === '' || !text.includes(failure)) line(text);
    });
    this.exited = new Promise((resolve) => {
      const gone = (exit: Exit, why: string) => {
        this.exit = exit;
        rejectReady(new Failure(failure || `${name} ${why}`));
        resolve(exit);
      };
      child.on('error', (error) => gone({ code: 1, signal: null }, `could not be started: ${error.message}`));
      child.on('close', (code, signal) => gone({ code, signal }, describeExit({ code, signal })));
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Asks the process to stop, and kills it when it has not after `limitMs`; resolves when it is gone. */
  async stop(limitMs: number): Promise<void> {
    if (this.exit !== null) return;
    this.#process.kill('SIGTERM');
    // SIGKILL ends even a process that was stopped by SIGSTOP.
    const late = setTimeout(() => this.#process.kill('SIGKILL'), limitMs);
    await this.exited;
    clearTimeout(late);
  }
}

/** An exit in words that complete a name. */
export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
}
