// How many reads and writes has each group answered during the run? Asked from the routers, whose counts are
// cumulative and begin at 0 with each start of a router; counts of other clients are among them.
import { askStatus } from '../ask.js';
import type { HostPort } from '../values.js';

/** Reads and writes. */
export interface Counts {
  reads: number;
  writes: number;
}

/** Counts by group. */
export type GroupCounts = Record<string, Counts>;

const ASK_MS = 800;

function countsOf(tree: unknown): Counts {
  const { reads, writes } = (tree ?? {}) as Partial<Counts>;
  return { reads: Number(reads ?? 0), writes: Number(writes ?? 0) };
}

/** Adds up what routers report. */
export class GroupCounter {
  /** The last report of each router, by the id of its process. */
  readonly #last = new Map<string, GroupCounts>();
  readonly #sum: GroupCounts = {};

  constructor(
    private readonly routers: HostPort[],
    private readonly password: string | undefined,
  ) {}

  /** Asks all routers; those that are silent are left out. @returns how many answered */
  async poll(): Promise<number> {
    const answers = await Promise.allSettled(
      this.routers.map(({ host, port }) =>
        askStatus({ host, port, password: this.password, timeoutMs: ASK_MS }),
      ),
    );
    const reports = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value);
    const first = this.#last.size === 0;
    for (const report of reports) this.take(report, first);
    return reports.length;
  }

  /** Takes one report into account; `first`: what it counts was before the run. */
  take(report: Record<string, unknown>, first: boolean): void {
    const id = String(report['id']);
    const now = (report['groups'] ?? {}) as Record<string, unknown>;
    const before = this.#last.get(id) ?? {};
    const kept: GroupCounts = {};
    for (const [group, tree] of Object.entries(now)) {
      const counts = countsOf(tree);
      kept[group] = counts;
      const sum = (this.#sum[group] ??= { reads: 0, writes: 0 });
      if (first) continue;
      sum.reads += counts.reads - (before[group]?.reads ?? 0);
      sum.writes += counts.writes - (before[group]?.writes ?? 0);
    }
    this.#last.set(id, kept);
  }

  /** Counts since the first poll. */
  get counts(): GroupCounts {
    return structuredClone(this.#sum);
  }
}
