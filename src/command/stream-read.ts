// The arguments of XREAD and XREADGROUP, which name their keys behind the word STREAMS: router, data node and COMMAND
// read them here. Knows no stream: whether IDs make sense is said where the command is executed.
import { type Argument, type Request, requestOf } from '../resp/index.js';

/** What such a command asks for. */
export interface StreamRead {
  /** How long it waits, ms, 0: for ever; -1: it does not. */
  readonly block: number;
  /** Most entries of each stream; 0: all. */
  readonly count: bigint;
  readonly noack: boolean;
  /** Index of the group's name, which the consumer's follows; 0: none. */
  readonly group: number;
  /** Index of the first key, and the number of keys; as many IDs follow them. */
  readonly first: number;
  readonly keys: number;
}

const INTEGER = /^(0|-?[1-9][0-9]{0,18})$/;
const NOT_INTEGER = 'ERR value is not an integer or out of range';
const SYNTAX = 'ERR syntax error';
/** The first place behind `XREADGROUP GROUP name consumer`. */
const FROM_GROUP = 4;

/** Argument i as a signed integer of 64 bits; null: it is none. */
function integer(request: Request, i: number): bigint | null {
  const text = request.length(i) > 20 ? '' : request.text(i);
  const value = INTEGER.test(text) ? BigInt(text) : null;
  return value === null || BigInt.asIntN(64, value) !== value ? null : value;
}

/** What the arguments say, or what is wrong with them. */
export function streamRead(request: Request): StreamRead | string {
  const grouping = request.is(0, 'xreadgroup');
  let [block, count, noack, group] = [-1, 0n, false, 0];
  for (let i = 1; i < request.argc; i++) {
    const more = request.argc - i - 1;
    if (request.is(i, 'block') && more >= 1) {
      const ms = integer(request, ++i);
      if (ms === null) return 'ERR timeout is not an integer or out of range';
      if (ms < 0n) return 'ERR timeout is negative';
      block = Number(ms);
    } else if (request.is(i, 'count') && more >= 1) {
      const most = integer(request, ++i);
      if (most === null) return NOT_INTEGER;
      count = most < 0n ? 0n : most;
    } else if (request.is(i, 'streams') && more >= 1) {
      if (more % 2 !== 0)
        return "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.";
      if (grouping && group === 0) return 'ERR Missing GROUP option for XREADGROUP';
      return { block, count, noack, group, first: i + 1, keys: more / 2 };
    } else if (request.is(i, 'group') && more >= 2) {
      if (!grouping) return 'ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.';
      group = i + 1;
      i += 2;
    } else if (request.is(i, 'noack')) {
      if (!grouping) return 'ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.';
      noack = true;
    } else return SYNTAX;
  }
  return SYNTAX;
}

/**
 * Index of the word STREAMS; -1: there is none. Where the options before it are nonsense, and the command will be
 * refused: the first such word, from where Redis's key specification looks for it.
 */
function wordAt(request: Request): number {
  const grouping = request.is(0, 'xreadgroup');
  const { argc } = request;
  let grouped = !grouping;
  let at = 1;
  while (at < argc && !(grouped && request.is(at, 'streams'))) {
    const number = request.is(at, 'block') || request.is(at, 'count');
    if (number && at + 1 < argc && integer(request, at + 1) !== null) at += 2;
    else if (request.is(at, 'group')) {
      grouped = true;
      at += 3;
    } else if (request.is(at, 'noack')) at++;
    else {
      at = grouping ? FROM_GROUP : 1;
      while (at < argc && !request.is(at, 'streams')) at++;
      break;
    }
  }
  return at < argc ? at : -1;
}

/** findKeys: the first half of what stands behind STREAMS, whatever is wrong with the rest. */
export function streamKeyIndexes(request: Request): number[] {
  const at = wordAt(request);
  if (at < 0) return [];
  const count = Math.floor((request.argc - at - 1) / 2);
  return Array.from({ length: count }, (_, n) => at + 1 + n);
}

/**
 * The same command for those of its keys whose indexes are given, each with the ID that `id` gives for it. A word too
 * many stays, and is refused with it.
 */
export function streamsOnly(
  request: Request,
  keys: readonly number[],
  id: (key: number) => Argument,
): Request {
  const all = streamKeyIndexes(request);
  const words = (from: number, to: number): Argument[] =>
    Array.from({ length: to - from }, (_, i) => request.bytes(from + i));
  const head = words(0, all[0]!);
  const rest = words(all[0]! + 2 * all.length, request.argc);
  return requestOf([...head, ...keys.map((at) => request.bytes(at)), ...keys.map(id), ...rest]);
}

/** Index of the ID that belongs to the key at `key`. */
export function idAt(request: Request, key: number): number {
  return key + streamKeyIndexes(request).length;
}
