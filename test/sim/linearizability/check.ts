// The verdict on a history: splits it into parts and shares one budget of steps and memory among their searches, in
// turns that grow, so that one hard part cannot keep a violation elsewhere from being found.
// Must never say ok or violation of what was not fully decided.
import { type Excerpt, excerpt } from './excerpt.js';
import type { Operation } from './history.js';
import type { Model } from './model.js';
import { partition } from './partition.js';
import { Search } from './search.js';

export interface Budget {
  /** Applications of the model, over all parts. Default 5,000,000: ten to thirty seconds. */
  steps?: number;
  /** Approximate bytes held at once, over all parts. Default 256 MiB. */
  bytes?: number;
}

export interface Verdict<I, O> {
  verdict: 'ok' | 'violation' | 'undecided';
  /** Only with 'violation'. */
  violation?: Excerpt<I, O>;
  /** Only with 'undecided': the keys of each part that the budget did not suffice for. */
  undecided: string[][];
  /** Steps made in all. */
  steps: number;
}

const FIRST_TURN = 4096;

/**
 * Checks that one legal order of all operations explains what the clients saw (Herlihy and Wing's linearizability).
 * Stops at the first part found in violation.
 * @throws Error for a history that is not well formed or an operation that the model does not know.
 */
export function check<S, I, O>(
  model: Model<S, I, O>,
  history: readonly Operation<I, O>[],
  budget: Budget = {},
): Verdict<I, O> {
  const { steps = 5_000_000, bytes = 256 * 1024 * 1024 } = budget;
  const undecided: string[][] = [];
  let used = 0;
  let open = partition(history, (input) => model.keys(input)).map((part) => ({
    part,
    search: new Search(model, part.operations, part.keys),
  }));

  for (let turn = FIRST_TURN; open.length > 0; turn *= 2) {
    const share = bytes / open.length;
    const before = used;
    const still: typeof open = [];
    for (const one of open) {
      used -= one.search.steps;
      const state = one.search.run(Math.min(turn, Math.max(steps - used - one.search.steps, 0)), share);
      used += one.search.steps;
      if (state === 'violation') {
        const violation = excerpt(model, one.part, one.search.failure());
        return { verdict: 'violation', violation, undecided: [], steps: used };
      }
      if (state !== 'ok') still.push(one);
    }
    open = still;
    if (used >= steps) {
      undecided.push(...open.map(({ part }) => part.keys));
      break;
    }
    if (open.length > 0 && used === before) {
      // Nobody moved: all are out of memory, and the largest gives up its share for the others.
      open.sort((a, b) => a.search.bytes - b.search.bytes);
      undecided.push(open.pop()!.part.keys);
    }
  }
  return { verdict: undecided.length > 0 ? 'undecided' : 'ok', undecided, steps: used };
}
