// Whether the results of a unit are the expected ones. Pure. Nothing may pass unnoticed in either direction: a failure
// that is not in the table, a test of the table that passes, and tests that were never reached are all wrong.
import type { Result } from './results.js';

/** What is expected of one unit of Redis's tests. */
export interface Unit {
  /** As `--single` names it. */
  readonly name: string;
  /** Results that a real Redis 7.0.15 gives, all of them good. */
  readonly reaches: number;
  /** Why the whole unit is left out for now: its commands are being built. */
  readonly notYet?: string;
  /** Tests that are not run, with the reason: they would leave their client in a state that fails those behind them. */
  readonly skips?: Readonly<Record<string, string>>;
  /** Tests that fail, or are not reached, by name, with the reason; `sometimes: ...`: they may pass. */
  readonly exceptions: Readonly<Record<string, string>>;
}

/** What came of a unit. */
export interface Verdict {
  unit: string;
  passed: number;
  reaches: number;
  /** Tests of the table that did not pass. */
  excepted: number;
  /** What is wrong, one line or more each; empty: as expected. */
  wrong: string[];
}

/** Judges one unit. */
export function judge(unit: Unit, results: readonly Result[]): Verdict {
  const wrong: string[] = [];
  const failed = new Map<string, number>();
  const seen = new Set<string>();
  let passed = 0;
  for (const { name, outcome, detail } of results) {
    seen.add(name);
    if (outcome === 'ok') passed++;
    else if (unit.exceptions[name] !== undefined) failed.set(name, (failed.get(name) ?? 0) + 1);
    else wrong.push(`fails: ${name}\n${indent(detail)}`);
  }
  let excepted = Object.keys(unit.skips ?? {}).length;
  for (const name of Object.keys(unit.exceptions)) {
    const passes = seen.has(name) && !failed.has(name);
    if (passes && unit.exceptions[name]!.startsWith('sometimes: ')) continue;
    if (passes) wrong.push(`passes, though the table expects it to fail: ${name}`);
    else if (!name.startsWith('aborted: ')) excepted += failed.get(name) ?? 1;
  }
  const missing = unit.reaches - passed - excepted;
  if (missing > 0 && wrong.length === 0) wrong.push(`${missing} tests were never reached`);
  if (missing < 0) wrong.push(`${-missing} more results than the ${unit.reaches} of a real Redis`);
  return { unit: unit.name, passed, reaches: unit.reaches, excepted, wrong };
}

const indent = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .slice(0, 12)
    .map((line) => `      ${line.slice(0, 400)}`)
    .join('\n');
