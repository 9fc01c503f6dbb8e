// One row for each type of value: its name, what it costs, how it travels. Later types add their row here.
import { Buffer } from 'node:buffer';
import { HASH, LIST, SET, STREAM, STRING, type StringValue, type Value, ZSET } from './entry.js';
import { Hash } from './hash-value.js';
import { List } from './list-value.js';
import type { Gathering } from './piecewise.js';
import { RdbReader } from './rdb-reader.js';
import { SetValue } from './set-value.js';
import { gatherStream, streamParts } from './stream-parts.js';
import { acceptsStream, readStream, writeStream } from './stream-rdb.js';
import type { Stream } from './stream-value.js';
import { heldBytes, keptBytes, viewOf } from './value.js';
import { SortedSet } from './zset-value.js';

/** What the rest of the store must know about a type. */
export interface ValueType<V extends Value = Value> {
  /** As TYPE answers. */
  readonly name: string;
  /** Bytes of memory that a value holds. */
  held(value: V): number;
  /** A value as bytes that restore() reads; a view that the caller copies. */
  dump(value: V): Buffer;
  /** The value that dump() wrote; must not keep `bytes`. */
  restore(bytes: Buffer): V;
  /** Whether bytes from another process have the shape that dump() writes: only such ones may be restored. */
  accepts(bytes: Buffer): boolean;
  /**
   * A large value goes in pieces, a few parts a turn at both ends: the parts of a value that does not change meanwhile, in
   * the order in which gather() takes them. Absent, both: it is dumped and restored in one turn, whatever it costs.
   */
  parts?(value: V): Iterator<StringValue>;
  /** An empty value that will grow by the parts of another one. */
  gather?(): Gathering<V>;
  /** A value equal to this one that shares nothing which is ever changed in place. */
  copy(value: V): V;
  /** As OBJECT ENCODING answers. */
  encoding(value: V): string;
}

const TYPES: ValueType[] = [];

/** Adds a row. Its functions are only ever given values of entries with its code. */
function add<V extends Value>(code: number, type: ValueType<V>): void {
  TYPES[code] = type as unknown as ValueType;
}

add<StringValue>(STRING, {
  name: 'string',
  held: heldBytes,
  dump: viewOf,
  restore: keptBytes,
  accepts: () => true,
  parts: (value) => [value].values(),
  gather: gatherString,
  copy: (value) => (typeof value === 'string' ? value : keptBytes(value)),
  encoding: stringEncoding,
});

add<List>(LIST, {
  name: 'list',
  held: (value) => value.held,
  dump: (value) => value.dump(),
  restore: List.restore,
  accepts: List.accepts,
  parts: (value) => value.parts(),
  gather: List.gather,
  copy: (value) => value.copy(),
  // Of any list, in Redis 7.0.
  encoding: () => 'quicklist',
});

add<Hash>(HASH, {
  name: 'hash',
  held: (value) => value.held,
  dump: (value) => value.dump(),
  restore: Hash.restore,
  accepts: Hash.accepts,
  parts: (value) => value.parts(),
  gather: Hash.gather,
  copy: (value) => value.copy(),
  encoding: (value) => (value.small ? 'listpack' : 'hashtable'),
});

add<SetValue>(SET, {
  name: 'set',
  held: (value) => value.held,
  dump: (value) => value.dump(),
  restore: SetValue.restore,
  accepts: SetValue.accepts,
  parts: (value) => value.parts(),
  gather: SetValue.gather,
  copy: (value) => value.copy(),
  encoding: (value) => (value.compact ? 'intset' : 'hashtable'),
});

add<SortedSet>(ZSET, {
  name: 'zset',
  held: (value) => value.held,
  dump: (value) => value.dump(),
  restore: SortedSet.restore,
  accepts: SortedSet.accepts,
  parts: (value) => value.parts(),
  gather: SortedSet.gather,
  copy: (value) => value.copy(),
  encoding: (value) => (value.compact ? 'listpack' : 'skiplist'),
});

const dumpStream = (value: Stream) => Buffer.concat(writeStream(value));
const restoreStream = (bytes: Buffer) => readStream(new RdbReader(bytes, bytes.length), 2);

add<Stream>(STREAM, {
  name: 'stream',
  held: (value) => value.held,
  dump: dumpStream,
  restore: restoreStream,
  accepts: acceptsStream,
  parts: streamParts,
  gather: gatherStream,
  copy: (value) => restoreStream(dumpStream(value)),
  encoding: () => 'stream',
});

/** Whether a type code that came from elsewhere has a row. */
export function knowsType(code: number): boolean {
  return TYPES[code] !== undefined;
}

/** The row of a type code. Throws on an unknown code: a broken assertion. */
export function typeOf(code: number): ValueType {
  const type = TYPES[code];
  if (type === undefined) throw new Error(`no such type of value: ${code}`);
  return type;
}

/** A value's parts, for gather(). */
export function partsOf(code: number, value: Value): Iterator<StringValue> {
  const type = typeOf(code);
  return type.parts?.(value) ?? [type.dump(value)].values();
}

/** What takes the parts of a value of this type. */
export function gather(code: number): Gathering {
  const type = typeOf(code);
  return type.gather?.() ?? gatherDumped(type);
}

/** Of one part, which is what dump() wrote. */
function gatherDumped(type: ValueType): Gathering {
  let value: Value | null = null;
  return {
    take: (part) => {
      const bytes = viewOf(part);
      if (value !== null || !type.accepts(bytes)) return false;
      value = type.restore(bytes);
      return true;
    },
    whole: () => value,
  };
}

/** Of one part, which is the string. */
function gatherString(): Gathering<StringValue> {
  let value: StringValue | null = null;
  return {
    take: (part) => {
      if (value !== null) return false;
      value = part;
      return true;
    },
    whole: () => value,
  };
}

/** Longest string that Redis embeds in its object. */
const EMBEDDED = 44;
const INTEGER = /^(0|-?[1-9][0-9]{0,18})$/;

function stringEncoding(value: StringValue): string {
  if (value.length > EMBEDDED || typeof value !== 'string') return 'raw';
  if (!INTEGER.test(value)) return 'embstr';
  const number = BigInt(value);
  return number >= -(2n ** 63n) && number < 2n ** 63n ? 'int' : 'embstr';
}
