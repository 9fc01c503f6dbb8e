// Redis's string commands as one atomic step each, over all the keys they name: the specification that the
// simulated cluster's clients are checked against. Written from the commands' documentation, and must stay so: it
// must never share code with src/store, or both would be wrong together.
import type { Model } from '../model.js';

/** Command and arguments; the command's name in either case. */
export type RedisInput = readonly string[];

/** A reply. Of an error only the first word is compared; integers above 2^53 are compared rounded. */
export type RedisOutput = string | number | null | RedisOutput[] | { error: string };

type State = ReadonlyMap<string, string>;

/** One command at work: reads from the state before, collects writes (null deletes). */
class Step {
  writes = new Map<string, string | null>();
  constructor(private readonly before: State) {}

  get(key: string): string | null {
    const written = this.writes.get(key);
    return written === undefined ? (this.before.get(key) ?? null) : written;
  }

  set(key: string, value: string | null): void {
    this.writes.set(key, value);
  }

  has(key: string): boolean {
    return this.get(key) !== null;
  }
}

interface Command {
  keys(args: readonly string[]): readonly string[];
  run(step: Step, args: readonly string[]): RedisOutput;
  /** Arguments without the name: at least, and at most. */
  arity: readonly [number, number];
  /** The outputs that prove nothing was changed; errors always do. */
  unchanged?: (output: RedisOutput) => boolean;
}

const first = (args: readonly string[]) => args.slice(0, 1);
const two = (args: readonly string[]) => args.slice(0, 2);
const all = (args: readonly string[]) => args;
const everySecond = (args: readonly string[]) => args.filter((_, i) => i % 2 === 0);
const always = () => true;
const isZero = (output: RedisOutput) => output === 0;
const isNull = (output: RedisOutput) => output === null;
const ANY = Number.POSITIVE_INFINITY;
const OK = 'OK';

const NOT_INTEGER = { error: 'ERR value is not an integer or out of range' };
const OVERFLOW = { error: 'ERR increment or decrement would overflow' };
const NO_SUCH_KEY = { error: 'ERR no such key' };
const SAME_OBJECT = { error: 'ERR source and destination objects are the same' };
const SYNTAX = { error: 'ERR syntax error' };

const fits = (value: bigint) => BigInt.asIntN(64, value) === value;

/** Redis's own idea of an integer: no sign but a minus, no leading zeros, 64 bits. */
function integer(text: string): bigint | undefined {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return fits(value) ? value : undefined;
}

function increment(step: Step, key: string, by: bigint | undefined): RedisOutput {
  const value = integer(step.get(key) ?? '0');
  if (value === undefined || by === undefined) return NOT_INTEGER;
  if (!fits(value + by)) return OVERFLOW;
  step.set(key, String(value + by));
  return Number(value + by);
}

function set(step: Step, [key, value, ...rest]: readonly string[]): RedisOutput {
  const options = new Set(rest.map((option) => option.toUpperCase()));
  for (const option of options) {
    if (!['NX', 'XX', 'GET'].includes(option)) throw new Error(`SET ${option} is not in the model`);
  }
  if (options.has('NX') && options.has('XX')) return SYNTAX;
  const old = step.get(key!);
  const allowed = options.has('NX') ? old === null : !options.has('XX') || old !== null;
  if (allowed) step.set(key!, value!);
  if (options.has('GET')) return old;
  return allowed ? OK : null;
}

function setAll(step: Step, args: readonly string[]): void {
  for (let i = 0; i < args.length; i += 2) step.set(args[i]!, args[i + 1]!);
}

function rename(step: Step, [from, to]: readonly string[]): void {
  const value = step.get(from!);
  step.set(from!, null);
  step.set(to!, value);
}

function copy(step: Step, [from, to, option]: readonly string[]): RedisOutput {
  if (option !== undefined && option.toUpperCase() !== 'REPLACE') {
    throw new Error(`COPY ${option} is not in the model`);
  }
  if (from === to) return SAME_OBJECT;
  const value = step.get(from!);
  if (value === null || (step.has(to!) && option === undefined)) return 0;
  step.set(to!, value);
  return 1;
}

function remove(step: Step, keys: readonly string[]): number {
  let removed = 0;
  for (const key of keys) {
    if (!step.has(key)) continue;
    step.set(key, null);
    removed++;
  }
  return removed;
}

function exchange(step: Step, key: string, value: string | null): RedisOutput {
  const old = step.get(key);
  step.set(key, value);
  return old;
}

const COMMANDS: Record<string, Command> = {
  GET: { arity: [1, 1], keys: first, run: (step, [key]) => step.get(key!), unchanged: always },
  MGET: {
    arity: [1, ANY],
    keys: all,
    run: (step, keys) => keys.map((key) => step.get(key)),
    unchanged: always,
  },
  EXISTS: {
    arity: [1, ANY],
    keys: all,
    run: (step, keys) => keys.filter((key) => step.has(key)).length,
    unchanged: always,
  },
  SET: { arity: [2, 4], keys: first, run: set },
  SETNX: {
    arity: [2, 2],
    keys: first,
    run: (step, [key, value]) => (set(step, [key!, value!, 'NX']) === OK ? 1 : 0),
    unchanged: isZero,
  },
  GETSET: { arity: [2, 2], keys: first, run: (step, [key, value]) => exchange(step, key!, value!) },
  GETDEL: { arity: [1, 1], keys: first, run: (step, [key]) => exchange(step, key!, null), unchanged: isNull },
  DEL: { arity: [1, ANY], keys: all, run: remove, unchanged: isZero },
  UNLINK: { arity: [1, ANY], keys: all, run: remove, unchanged: isZero },
  INCR: { arity: [1, 1], keys: first, run: (step, [key]) => increment(step, key!, 1n) },
  DECR: { arity: [1, 1], keys: first, run: (step, [key]) => increment(step, key!, -1n) },
  INCRBY: { arity: [2, 2], keys: first, run: (step, [key, by]) => increment(step, key!, integer(by!)) },
  APPEND: {
    arity: [2, 2],
    keys: first,
    run(step, [key, value]) {
      const joined = (step.get(key!) ?? '') + value;
      step.set(key!, joined);
      return Buffer.byteLength(joined);
    },
  },
  MSET: {
    arity: [2, ANY],
    keys: everySecond,
    run(step, args) {
      setAll(step, args);
      return OK;
    },
  },
  MSETNX: {
    arity: [2, ANY],
    keys: everySecond,
    run(step, args) {
      if (everySecond(args).some((key) => step.has(key))) return 0;
      setAll(step, args);
      return 1;
    },
    unchanged: isZero,
  },
  RENAME: {
    arity: [2, 2],
    keys: two,
    run(step, args) {
      if (!step.has(args[0]!)) return NO_SUCH_KEY;
      rename(step, args);
      return OK;
    },
  },
  RENAMENX: {
    arity: [2, 2],
    keys: two,
    run(step, args) {
      if (!step.has(args[0]!)) return NO_SUCH_KEY;
      if (step.has(args[1]!)) return 0;
      rename(step, args);
      return 1;
    },
    unchanged: isZero,
  },
  COPY: { arity: [2, 3], keys: two, run: copy, unchanged: isZero },
};

function lookUp(input: RedisInput): { command: Command; args: readonly string[] } {
  const [name = '', ...args] = input;
  const command = COMMANDS[name.toUpperCase()];
  if (!command) throw new Error(`the model does not know ${name}`);
  const [least, most] = command.arity;
  const odd = command.keys === everySecond && args.length % 2 === 1;
  if (args.length < least || args.length > most || odd)
    throw new Error(`wrong number of arguments: ${input.join(' ')}`);
  return { command, args };
}

const isError = (output: RedisOutput | undefined): output is { error: string } =>
  typeof output === 'object' && output !== null && !Array.isArray(output);

const code = ({ error }: { error: string }) => error.split(' ', 1)[0];

function same(a: RedisOutput, b: RedisOutput): boolean {
  if (isError(a) || isError(b)) return isError(a) && isError(b) && code(a) === code(b);
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((item, i) => same(item, b[i]!));
}

const bare = (word: string) => (/^[^\s"=#]+$/.test(word) ? word : JSON.stringify(word));

/** One command alone: its reply and the state after it. @throws Error for a command that is not in the model. */
export function execute(state: State, input: RedisInput): { output: RedisOutput; state: State } {
  const { command, args } = lookUp(input);
  const step = new Step(state);
  const output = command.run(step, args);
  let after: Map<string, string> | undefined;
  for (const [key, value] of step.writes) {
    if ((state.get(key) ?? null) === value) continue;
    after ??= new Map(state);
    if (value === null) after.delete(key);
    else after.set(key, value);
  }
  return { output, state: after ?? state };
}

/** Strings under keys. Expiry and other types are not in the model: such commands and options throw. */
export const redis: Model<State, RedisInput, RedisOutput> = {
  name: 'redis',
  init: () => new Map(),
  step(state, input, output) {
    const done = execute(state, input);
    return output === undefined || same(done.output, output)
      ? { ok: true, state: done.state }
      : { ok: false, state };
  },
  key: (state) => JSON.stringify([...state].sort(([a], [b]) => (a < b ? -1 : 1))),
  keys(input) {
    const { command, args } = lookUp(input);
    return [...new Set(command.keys(args))];
  },
  readOnly(input, output) {
    const { unchanged } = lookUp(input).command;
    if (output === undefined) return unchanged === always;
    return isError(output) || (unchanged?.(output) ?? false);
  },
  describe(input, output) {
    const text = input.map(bare).join(' ');
    return output === undefined ? text : `${text} = ${JSON.stringify(output)}`;
  },
};
