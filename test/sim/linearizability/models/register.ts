// One register with read, write and compare-and-set: what the etcd histories were recorded on.
// A compare-and-set that failed must have met another value; one of unknown outcome may have met any.
import type { Model } from '../model.js';

export type RegisterInput =
  | { op: 'read' }
  | { op: 'write'; value: number }
  | { op: 'cas'; from: number; to: number };

/** A read's value (null: never written); true for a write; whether a compare-and-set took effect. */
export type RegisterOutput = number | null | boolean;

export const register: Model<number | null, RegisterInput, RegisterOutput> = {
  name: 'register',
  init: () => null,
  step(state, input, output) {
    const unknown = output === undefined;
    if (input.op === 'read') return { ok: unknown || output === state, state };
    if (input.op === 'write') return { ok: unknown || output === true, state: input.value };
    const matched = state === input.from;
    return { ok: unknown || output === matched, state: matched ? input.to : state };
  },
  key: (state) => String(state),
  keys: () => ['register'],
  readOnly: (input, output) => input.op === 'read' || (input.op === 'cas' && output === false),
  describe(input, output) {
    const { op, ...values } = input;
    const text = [op, ...Object.values(values)].join(' ');
    return output === undefined ? text : `${text} = ${JSON.stringify(output)}`;
  },
};
