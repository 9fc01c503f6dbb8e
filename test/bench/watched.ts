// A `towline` process that notes how long it was held up (loop-watch.ts), and what it noted.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askStatus } from '../../src/cli/ask.js';
import { Role } from '../faults/role.js';

/** How long a process was held up at most, and its memory. */
export interface Held {
  loopMs: number;
  collectionMs: number;
  megabytes: number;
}

const POLL_MS = 10;
const LIMIT_MS = 600_000;

/** A process under measurement. */
export class Watched<S = Record<string, unknown>> {
  private constructor(
    readonly role: Role,
    private readonly file: string,
  ) {}

  /** Starts it. @param folder where it writes its notes, under its name */
  static async start<S>(name: string, args: string[], folder: string): Promise<Watched<S>> {
    const file = join(folder, name);
    const watch = new URL('./loop-watch.js', import.meta.url).href;
    const prefix = ['env', `NODE_OPTIONS=--import=${watch}`, `SYNC_WATCH_FILE=${file}`];
    return new Watched<S>(await Role.start({ name, args, prefix }), file);
  }

  async status(): Promise<S | null> {
    const question = { host: '127.0.0.1', port: this.role.port, timeoutMs: 2000 };
    return (await askStatus(question).catch(() => null)) as S | null;
  }

  /** @throws Error with what it printed when it does not come about */
  async until(what: (status: S) => boolean, name: string): Promise<S> {
    for (const end = performance.now() + LIMIT_MS; performance.now() < end; await sleep(POLL_MS)) {
      const status = await this.status();
      if (status !== null && what(status)) return status;
    }
    throw new Error(`${this.role.name}: ${name}: it did not happen\n${this.role.lines.join('\n')}`);
  }

  /** What it noted between two moments of performance.now(). */
  held(from: number, to: number): Held {
    const most = { loopMs: 0, collectionMs: 0, megabytes: 0 };
    for (const line of readFileSync(this.file, 'utf8').split('\n').filter(Boolean)) {
      const [wall, loop, collection, rss] = line.split(' ').map(Number) as [number, number, number, number];
      const at = wall - performance.timeOrigin;
      if (at < from || at > to) continue;
      most.loopMs = Math.max(most.loopMs, loop);
      most.collectionMs = Math.max(most.collectionMs, collection);
      most.megabytes = Math.max(most.megabytes, Math.round(rss / 1e6));
    }
    return most;
  }
}
