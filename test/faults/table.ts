// What people read at the end of a run.
import type { Injected, Outcome } from './run.js';

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** One line for each kind of fault. */
export interface Line {
  kind: string;
  faults: number;
  medianMs: number;
  maxMs: number;
  healedMs: number;
  operations: number;
  errors: Record<string, number>;
  stalledMs: number;
}

/** Sums up the faults by kind. */
export function lines(faults: readonly Injected[]): Line[] {
  return [...new Set(faults.map(({ kind }) => kind))].sort().map((kind) => {
    const some = faults.filter((fault) => fault.kind === kind);
    const errors: Record<string, number> = {};
    for (const fault of some)
      for (const [name, count] of Object.entries(fault.errors)) errors[name] = (errors[name] ?? 0) + count;
    const gaps = some.map(({ gapMs }) => gapMs);
    return {
      kind,
      faults: some.length,
      medianMs: Math.round(median(gaps)),
      maxMs: Math.round(Math.max(...gaps)),
      healedMs: Math.round(median(some.map(({ healedMs }) => healedMs))),
      operations: some.reduce((sum, { operations }) => sum + operations, 0),
      errors,
      stalledMs: Math.round(Math.max(...some.map(({ stalledMs }) => stalledMs))),
    };
  });
}

/** The table. */
export function tableOf(outcome: Outcome): string {
  const all = lines(outcome.faults);
  const width = Math.max(4, ...all.map(({ kind }) => kind.length));
  const row = (kind: string, ...cells: (string | number)[]) =>
    [kind.padEnd(width), ...cells.map((cell) => String(cell).padStart(10))].join('  ');
  const errors = (one: Record<string, number>) =>
    Object.entries(one)
      .map(([name, count]) => `${name}:${count}`)
      .join(' ') || '0';
  const {
    operations,
    faults,
    acknowledged,
    lost,
    wrong,
    unread,
    violations,
    undecided,
    transactions: moved,
  } = outcome;
  return [
    row('fault', 'times', 'gap median', 'gap max', 'whole', 'operations', 'stalled', 'errors'),
    ...all.map((line) =>
      row(
        line.kind,
        line.faults,
        line.medianMs,
        line.maxMs,
        line.healedMs,
        line.operations,
        line.stalledMs,
        errors(line.errors),
      ),
    ),
    '',
    'gap: longest time (ms) without a successful write to an affected group at any living router; whole: until every',
    "member was in sync again (median, ms); stalled: longest time that this program itself was held up; errors: living routers'.",
    '',
    `seed ${outcome.seed}: ${faults.length} faults, ${operations} operations, ${acknowledged} acknowledged writes in the ledger`,
    `lost ${lost}, wrong ${wrong}, unread ${unread}; histories ${outcome.histories} of ${outcome.checked} operations: ` +
      `${violations} not linearizable, ${undecided} undecided`,
    `MULTI over accounts in every group: ${moved.transfers} transfers acknowledged (${moved.watched} watched, ${moved.nils} nil), ` +
      `${moved.reads} readings of all; lost ${moved.lost}, wrong ${moved.wrong}, unread ${moved.unread}; ` +
      `histories ${moved.histories} of ${moved.checked} transactions: ${moved.violations} not serializable in order of time, ${moved.undecided} undecided`,
    outcome.differences.length === 0
      ? `replicas equal: ${outcome.keys} keys`
      : `replicas differ: ${outcome.differences.join('; ')}`,
    ...outcome.notHealed.map((name) => `did not become whole after ${name}`),
    ...outcome.findings,
    '',
  ].join('\n');
}
