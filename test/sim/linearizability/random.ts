// Histories made up from a seed: by clients of a correct store whose steps take effect at random moments, or at random
// altogether. The same seed gives the same history.
import type { Operation } from './history.js';
import { execute, type RedisInput, type RedisOutput, redis } from './models/redis.js';

/** A small generator of pseudo-random numbers (mulberry32), in [0, 1). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Shape {
  operations: number;
  clients: number;
  /** Share of operations whose outcome the client does not learn; half of those take effect, some of them late. */
  unknown: number;
  /** Makes one command; `serial` differs in each call. */
  command: (random: () => number, serial: number) => RedisInput;
}

interface Open {
  operation: Operation<RedisInput, RedisOutput>;
  result?: RedisOutput;
}

/** A history that is linearizable, since each command took effect once, in one store, within its interval. */
export function correctHistory(seed: number, shape: Shape): Operation<RedisInput, RedisOutput>[] {
  const random = seeded(seed);
  const history: Operation<RedisInput, RedisOutput>[] = [];
  const open: (Open | undefined)[] = new Array(shape.clients);
  const late: RedisInput[] = [];
  let state = redis.init();
  let time = 0;
  const apply = (input: RedisInput): RedisOutput => {
    const done = execute(state, input);
    state = done.state;
    return done.output;
  };
  while (history.length < shape.operations || open.some((one) => one !== undefined)) {
    const client = Math.floor(random() * shape.clients);
    const one = open[client];
    if (late.length > 0 && random() < 0.02) apply(late.shift()!);
    if (!one) {
      if (history.length >= shape.operations) continue;
      const input = shape.command(random, history.length);
      const operation = { client, call: time++, return: null, input, output: undefined };
      history.push(operation);
      open[client] = { operation };
    } else if (random() < shape.unknown) {
      if (one.result === undefined && random() < 0.5) late.push(one.operation.input);
      open[client] = undefined;
    } else if (one.result === undefined) {
      one.result = apply(one.operation.input);
    } else {
      one.operation.return = time++;
      one.operation.output = one.result;
      open[client] = undefined;
    }
  }
  return history;
}
