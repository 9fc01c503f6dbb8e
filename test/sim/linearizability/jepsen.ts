// Reads the two published formats of Jepsen histories that the fixtures come in.
// Must refuse a line it does not know, with its number, rather than leave it out.
import type { Operation } from './history.js';
import type { KvInput, KvOutput } from './models/kv.js';
import type { RegisterInput, RegisterOutput } from './models/register.js';

type Kind = 'invoke' | 'ok' | 'fail' | 'info';

interface Event<I, O> {
  process: string;
  kind: Kind;
  /** Of an invocation. */
  input?: I;
  /** Of an ending: undefined if it tells nothing, so that the operation never took effect and is left out. */
  output?: O;
}

/** Pairs invocations with endings of the same process; what has no ending, or :info, is of unknown outcome. */
function pair<I, O>(text: string, parse: (line: string) => Event<I, O>): Operation<I, O>[] {
  const open = new Map<string, Operation<I, O>>();
  const history = new Set<Operation<I, O>>();
  text.split('\n').forEach((line, time) => {
    if (line.trim() === '') return;
    const event = parse(line);
    const { process } = event;
    const operation = open.get(process);
    const bad = (why: string) => new Error(`line ${time + 1}: ${why}: ${line}`);
    if (event.kind === 'invoke') {
      if (operation) throw bad('process is busy');
      if (event.input === undefined) throw bad('not understood');
      const begun = { client: process, call: time, return: null, input: event.input, output: undefined };
      open.set(process, begun);
      history.add(begun);
      return;
    }
    if (!operation) throw bad('process has invoked nothing');
    open.delete(process);
    if (event.kind === 'info') return;
    if (event.output === undefined) {
      history.delete(operation);
      return;
    }
    operation.return = time;
    operation.output = event.output;
  });
  return [...history];
}

const number = (text: string): number => {
  if (!/^-?\d+$/.test(text)) throw new Error(`not a number: ${text}`);
  return Number(text);
};

/** Parses `INFO jepsen.util - PROCESS :KIND :OP VALUE` lines for one compare-and-set register. @throws Error */
export function parseEtcd(text: string): Operation<RegisterInput, RegisterOutput>[] {
  return pair(text, (line) => {
    const match =
      /^INFO\s+jepsen\.util - (\d+)\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(.+?)\s*$/.exec(line);
    if (!match) throw new Error(`not a line of a Jepsen log: ${line}`);
    const [, process, kind, op, value] = match as unknown as [
      string,
      string,
      Kind,
      RegisterInput['op'],
      string,
    ];
    const event: Event<RegisterInput, RegisterOutput> = { process, kind };
    if (kind === 'invoke') {
      const [from, to] = value.replace(/[[\]]/g, '').split(' ') as [string, string];
      if (op === 'read') event.input = { op };
      else if (op === 'write') event.input = { op, value: number(value) };
      else event.input = { op, from: number(from), to: number(to) };
    } else if (kind === 'ok') {
      event.output = op !== 'read' ? true : value === 'nil' ? null : number(value);
    } else if (kind === 'fail' && op === 'cas') {
      // A failed compare-and-set is an answer: the value was another. Other failures say that nothing happened.
      event.output = false;
    }
    return event;
  });
}

/** Parses `{:process N, :type :KIND, :f :OP, :key "K", :value V}` lines for many string keys. @throws Error */
export function parseKv(text: string): Operation<KvInput, KvOutput>[] {
  return pair(text, (line) => {
    const match =
      /^\{:process (\d+), :type :(invoke|ok|fail|info), :f :(get|put|append), :key (".*?"), :value (nil|".*")\}$/.exec(
        line.trim(),
      );
    if (!match) throw new Error(`not a line of a kv history: ${line}`);
    const [, process, kind, op, key, value] = match as unknown as [
      string,
      string,
      Kind,
      KvInput['op'],
      string,
      string,
    ];
    const content: string = value === 'nil' ? '' : JSON.parse(value);
    const event: Event<KvInput, KvOutput> = { process, kind };
    if (kind === 'invoke') event.input = { op, key: JSON.parse(key), value: content };
    else if (kind === 'ok') event.output = op === 'get' ? content : null;
    return event;
  });
}
