// Redis's strings, with one promise more: commands of one connection that share a group take effect in the order they
// were sent in. (Between groups a pipeline has no order, unless a command of several groups stands in between.) Each
// connection and group is a key of its own for the checker, whose value is the last command of it that took effect.
import { type Model, type RedisInput, type RedisOutput, redis } from './linearizability/index.js';

/** A command, and its place in a pipeline; null: its client had nothing else under way. */
export interface Ordered {
  words: RedisInput;
  /** The connection at each group that the command touches, and its place on the connection. */
  place: { pipelines: string[]; index: number } | null;
}

interface State {
  data: ReturnType<typeof redis.init>;
  last: ReadonlyMap<string, number>;
}

/** Not a client's: a group begins anew, and these keys with it. */
export const LOSE = 'LOSE';
const meant = (words: RedisInput): RedisInput => (words[0] === LOSE ? ['DEL', ...words.slice(1)] : words);

/** The model of a store that keeps pipelines in order. */
export const inOrder: Model<State, Ordered, RedisOutput> = {
  name: 'redis, pipelines in order',
  init: () => ({ data: redis.init(), last: new Map() }),
  step(state, { words, place }, output) {
    const late = (pipeline: string) => (state.last.get(pipeline) ?? -1) >= place!.index;
    // One of which its client has heard UNCERTAIN may happen later than what that client said afterwards.
    if (output !== undefined && place?.pipelines.some(late)) return { ok: false, state };
    // Nobody counted what was lost.
    const done = redis.step(state.data, meant(words), words[0] === LOSE ? undefined : output);
    if (!done.ok) return { ok: false, state };
    const last = new Map(state.last);
    for (const pipeline of place?.pipelines ?? [])
      last.set(pipeline, Math.max(place!.index, last.get(pipeline) ?? -1));
    return { ok: true, state: { data: done.state, last } };
  },
  key: ({ data, last }) =>
    `${redis.key(data)} ${JSON.stringify([...last].sort(([a], [b]) => (a < b ? -1 : 1)))}`,
  keys: ({ words, place }) => [...redis.keys(meant(words)), ...(place?.pipelines ?? [])],
  readOnly: ({ words, place }, output) =>
    place === null && words[0] !== LOSE && redis.readOnly(words, output),
  describe: ({ words, place }, output) =>
    (words[0] === LOSE ? words.join(' ') : redis.describe(words, output)) +
    (place === null ? '' : ` # ${place.index}`),
};
