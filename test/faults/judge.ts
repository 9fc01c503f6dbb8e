// Judges histories on a thread of its own, so that clients are measured while the checker thinks. As a program it is
// that thread. Must never leave a history out: what it was given is counted as decided, in violation, or undecided.
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { check, redis } from '../sim/linearizability/index.js';
import type { History } from './history-load.js';

const STEPS = 2_000_000;

interface Judged {
  operations: number;
  verdict: 'ok' | 'violation' | 'undecided';
  text: string;
}

/** The verdicts so far. */
export class Judge {
  histories = 0;
  operations = 0;
  violations = 0;
  undecided = 0;
  /** Excerpts of violations. */
  readonly texts: string[] = [];
  private given = 0;
  private readonly worker = new Worker(new URL(import.meta.url));
  private wake = () => {};
  private broken: Error | null = null;

  constructor() {
    this.worker.on('message', ({ operations, verdict, text }: Judged) => {
      this.histories++;
      this.operations += operations;
      if (verdict === 'violation') this.violations++;
      if (verdict === 'undecided') this.undecided++;
      if (text !== '') this.texts.push(text);
      this.wake();
    });
    this.worker.on('error', (error) => {
      this.broken = error as Error;
      this.wake();
    });
  }

  take(history: History): void {
    this.given++;
    this.worker.postMessage(history);
  }

  /** Resolves when everything taken is judged. @throws what the thread died of */
  async done(): Promise<void> {
    while (this.histories < this.given) {
      if (this.broken !== null) throw this.broken;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}

if (!isMainThread) {
  parentPort!.on('message', (history: History) => {
    const { verdict, violation, undecided } = check(redis, history, { steps: STEPS });
    const text =
      verdict === 'violation' ? violation!.text : verdict === 'undecided' ? `# undecided: ${undecided}` : '';
    parentPort!.postMessage({ operations: history.length, verdict, text } satisfies Judged);
  });
}
