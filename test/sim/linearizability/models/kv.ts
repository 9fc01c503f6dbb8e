// Many keys with get, put and append on strings: what the kv histories were recorded on.
// A key never written must read as the empty string.
import type { Model } from '../model.js';

export interface KvInput {
  op: 'get' | 'put' | 'append';
  key: string;
  /** '' for get. */
  value: string;
}

/** A get's value; null for put and append. */
export type KvOutput = string | null;

export const kv: Model<string, KvInput, KvOutput> = {
  name: 'kv',
  init: () => '',
  step(state, { op, value }, output) {
    if (op === 'get') return { ok: output === undefined || output === state, state };
    return { ok: output === undefined || output === null, state: op === 'put' ? value : state + value };
  },
  key: (state) => state,
  keys: (input) => [input.key],
  readOnly: (input) => input.op === 'get',
  describe({ op, key, value }, output) {
    const text = op === 'get' ? `get ${key}` : `${op} ${key} ${JSON.stringify(value)}`;
    return output === undefined ? text : `${text} = ${JSON.stringify(output)}`;
  },
};
