// Judges histories on a thread of its own, so that clients are measured while the checker thinks. As a program it is
// that thread. Must never leave a history out: what it was given is counted as decided, in violation, or undecided.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { actions } from '../sim/exec-model.js';
import { check, redis } from '../sim/linearizability/index.js';
import type { History } from './history-load.js';
import type { Transfers } from './transfer-load.js';

const STEPS = 2_000_000;

interface Judged {
  operations: number;
  verdict: 'ok' | 'violation' | 'undecided';
  text: string;
}

/** What a history is of, and so which model it is held against. */
interface Kinds {
  commands: History;
  transactions: Transfers;
}

/** The verdicts so far, on histories of one kind. */
export class Judge<K extends keyof Kinds> {
  histories = 0;
  operations = 0;
  violations = 0;
  undecided = 0;
  /** Excerpts of violations. */
  readonly texts: string[] = [];
  private given = 0;
  private readonly worker: Worker;
  private wake = () => {};
  private broken: Error | null = null;

  constructor(kind: K) {
    this.worker = new Worker(new URL(import.meta.url), { workerData: kind });
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

  take(history: Kinds[K]): void {
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
  const budget = { steps: STEPS };
  const verdictOn = (history: History | Transfers) =>
    workerData === 'transactions'
      ? check(actions, history as Transfers, budget)
      : check(redis, history as History, budget);
  parentPort!.on('message', (history: History | Transfers) => {
    const { verdict, violation, undecided } = verdictOn(history);
    const text =
      verdict === 'violation' ? violation!.text : verdict === 'undecided' ? `# undecided: ${undecided}` : '';
    parentPort!.postMessage({ operations: history.length, verdict, text } satisfies Judged);
  });
}
