// What a MULTI/EXEC does, as one step on several keys that hold numbers: the model that histories of transfers and of
// watched increments are held against. A plain command is an EXEC of one step.
import type { Model } from './linearizability/index.js';

/** One command of a transaction. */
export type Step =
  | { op: 'get'; key: string }
  | { op: 'add'; key: string; by: number }
  | { op: 'set'; key: string; to: number }
  /** Every key trades places with its twin in another database, `~` and its name. */
  | { op: 'swap'; keys: readonly string[] };

/** Steps that happen at once, or not at all. */
export interface Action {
  /** What was read of watched keys after the WATCH: it holds when the steps are executed. */
  guards: readonly { key: string; value: number }[];
  steps: readonly Step[];
}

/** The answers: numbers, of `set` 1. */
export type Answers = readonly number[];
type State = ReadonlyMap<string, number>;

const keysIn = ({ guards, steps }: Action): string[] => [
  ...new Set([
    ...guards.map(({ key }) => key),
    ...steps.flatMap((step) =>
      step.op === 'swap' ? step.keys.flatMap((key) => [key, `~${key}`]) : [step.key],
    ),
  ]),
];

/** Numbers, absent ones are 0. */
export const actions: Model<State, Action, Answers> = {
  name: 'transactions on numbers',
  init: () => new Map(),
  step(state, { guards, steps }, output) {
    // One of unknown outcome that met another value than it had read did nothing.
    if (guards.some(({ key, value }) => (state.get(key) ?? 0) !== value))
      return { ok: output === undefined, state };
    const next = new Map(state);
    const said = steps.map((step) => {
      if (step.op === 'swap') {
        for (const key of step.keys) {
          const [here, there] = [next.get(key) ?? 0, next.get(`~${key}`) ?? 0];
          next.set(key, there).set(`~${key}`, here);
        }
        return 1;
      }
      const now = next.get(step.key) ?? 0;
      if (step.op === 'get') return now;
      next.set(step.key, step.op === 'add' ? now + step.by : step.to);
      return step.op === 'add' ? now + step.by : 1;
    });
    const ok =
      output === undefined || (output.length === said.length && said.every((n, i) => n === output[i]));
    return { ok, state: next };
  },
  key: (state) => JSON.stringify([...state].filter(([, n]) => n !== 0).sort(([a], [b]) => (a < b ? -1 : 1))),
  keys: keysIn,
  readOnly: ({ steps }) => steps.every(({ op }) => op === 'get'),
  describe({ guards, steps }, output) {
    const had = guards.map(({ key, value }) => `if ${key}=${value} `).join('');
    const words = steps.map((step) =>
      step.op === 'get' || step.op === 'swap'
        ? step.op === 'get'
          ? step.key
          : 'swap'
        : step.op === 'add'
          ? `${step.key}+=${step.by}`
          : `${step.key}:=${step.to}`,
    );
    return `${had}${words.join(' ')}${output === undefined ? '' : ` = ${output.join(' ')}`}`;
  },
};
