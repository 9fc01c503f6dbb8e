// What people read of a violation: the last operations that could be placed, and those that could not follow them.
// Must stay small whatever the history is, and must never leave out the keys concerned.
import type { Operation } from './history.js';
import type { Model } from './model.js';
import type { Part } from './partition.js';
import type { Farthest } from './search.js';

export interface Excerpt<I, O> extends Farthest<I, O> {
  /** The keys that the contradiction rests on: one, or several of operations on several keys. */
  keys: string[];
  /** Operations of known outcome in the part concerned. */
  total: number;
  /** All of it, as a few lines in the notation of script.ts. */
  text: string;
}

const MAX_LINES = 12;
const MAX_COLUMNS = 160;

const clip = (line: string): string =>
  line.length <= MAX_COLUMNS
    ? line
    : `${line.slice(0, MAX_COLUMNS / 2)} ... ${line.slice(-MAX_COLUMNS / 2)} (${line.length} characters)`;

/** Names the keys, the longest prefix found linearizable, and what was left. */
export function excerpt<S, I, O>(
  model: Model<S, I, O>,
  part: Part<I, O>,
  failure: Farthest<I, O> & { keys: string[] },
): Excerpt<I, O> {
  const total = part.operations.filter((operation) => operation.return !== null).length;
  const list = (operations: Operation<I, O>[], last: boolean): string[] => {
    const shown = last ? operations.slice(-MAX_LINES) : operations.slice(0, MAX_LINES);
    const lines = shown.map(({ client, call, return: end, input, output }) =>
      clip(`  ${client} ${call}-${end ?? '?'} ${model.describe(input, output)}`),
    );
    const hidden = operations.length - shown.length;
    if (hidden === 0) return lines;
    return last ? [`  # ${hidden} more before`, ...lines] : [...lines, `  # ${hidden} more`];
  };
  const text = [
    `# not linearizable (${model.name}): keys ${clip(failure.keys.join(' '))}`,
    `# ${failure.placed} of ${total} operations can be placed; the last of them, in a legal order:`,
    ...list(failure.tail, true),
    `# the state is then ${clip(failure.state)}; no order of these goes on from there:`,
    ...list(failure.blocked, false),
  ];
  if (failure.unused.length > 0) {
    text.push('# these, of unknown outcome, do not help:', ...list(failure.unused, false));
  }
  return { ...failure, total, text: text.join('\n') };
}
