// Values as Redis writes and reads them in payloads. Written plainly, in the forms that every Redis reads and turns into
// its compact ones by itself; read in all forms that a Redis up to 7.0 writes. One case for each type code.
import { Buffer } from 'node:buffer';
import { HASH, LIST, SET, STREAM, STRING, type StringValue, type Value, ZSET } from './entry.js';
import { Hash } from './hash-value.js';
import { List } from './list-value.js';
import { intset, listpack, ziplist } from './rdb-compact.js';
import { bad, type RdbReader } from './rdb-reader.js';
import { rdbLength as length, rdbString as string } from './rdb-writer.js';
import { SetValue } from './set-value.js';
import { readStream, writeStream } from './stream-rdb.js';
import type { Stream } from './stream-value.js';
import { keptBytes } from './value.js';
import { SortedSet } from './zset-value.js';

/** Type codes of payloads. */
const RDB = {
  string: 0,
  list: 1,
  set: 2,
  oldZset: 3,
  hash: 4,
  zset: 5,
  listZiplist: 10,
  setIntset: 11,
  zsetZiplist: 12,
  hashZiplist: 13,
  listQuicklist: 14,
  stream: 15,
  hashListpack: 16,
  zsetListpack: 17,
  listQuicklist2: 18,
  stream2: 19,
} as const;

// ---- writing

function score(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(value, 0);
  return bytes;
}

/** A value as the parts of a payload, its type code first. @returns null for a type that has no such form */
export function writeValue(type: number, value: Value): Buffer[] | null {
  const code = (n: number) => Buffer.from([n]);
  switch (type) {
    case STRING:
      return [code(RDB.string), ...string(value as StringValue)];
    case LIST: {
      const list = value as List;
      return [code(RDB.list), length(list.size), ...[...list.values()].flatMap(string)];
    }
    case SET: {
      const set = value as SetValue;
      return [code(RDB.set), length(set.size), ...[...set.names()].flatMap(string)];
    }
    case HASH: {
      const hash = value as Hash;
      const pairs = [...hash.entries()].flatMap(([field, each]) => [...string(field), ...string(each)]);
      return [code(RDB.hash), length(hash.size), ...pairs];
    }
    case ZSET: {
      const zset = value as SortedSet;
      const pairs: Buffer[] = [];
      zset.forEach(0, zset.size, false, (member, each) => pairs.push(...string(member), score(each)));
      return [code(RDB.zset), length(zset.size), ...pairs];
    }
    case STREAM:
      return [code(RDB.stream2), ...writeStream(value as Stream)];
  }
  return null;
}

// ---- reading

/** A value and its type. */
export interface ReadValue {
  type: number;
  value: Value;
}

const latin1 = (bytes: Buffer) => bytes.latin1Slice(0, bytes.length);

function listOf(elements: Iterable<Buffer>): ReadValue {
  const list = new List();
  for (const each of elements) list.push('right', keptBytes(each));
  return list.size === 0 ? bad() : { type: LIST, value: list };
}

function setOf(members: Iterable<string>): ReadValue {
  const set = new SetValue();
  for (const member of members) if (!set.add(member)) bad();
  return set.size === 0 ? bad() : { type: SET, value: set };
}

function hashOf(pairs: Iterable<readonly [Buffer, Buffer]>): ReadValue {
  const hash = new Hash();
  for (const [field, value] of pairs) if (!hash.set(latin1(field), keptBytes(value))) bad();
  return hash.size === 0 ? bad() : { type: HASH, value: hash };
}

function zsetOf(pairs: Iterable<readonly [Buffer, number]>): ReadValue {
  const zset = new SortedSet();
  for (const [bytes, each] of pairs) {
    const member = latin1(bytes);
    if (Number.isNaN(each) || zset.has(member)) bad();
    zset.set(member, each);
  }
  return zset.size === 0 ? bad() : { type: ZSET, value: zset };
}

/** Elements two by two. */
function* twos(elements: readonly Buffer[]): Generator<readonly [Buffer, Buffer]> {
  if (elements.length % 2 !== 0) bad();
  for (let i = 0; i < elements.length; i += 2) yield [elements[i]!, elements[i + 1]!];
}

const WORDS: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
};

function* scored(elements: readonly Buffer[]): Generator<readonly [Buffer, number]> {
  for (const [member, digits] of twos(elements)) {
    const text = latin1(digits).toLowerCase();
    const value = WORDS[text] ?? (/^[-+0-9.e]+$/.test(text) ? Number(text) : Number.NaN);
    yield [member, value];
  }
}

function* times<T>(reader: RdbReader, read: () => T): Generator<T> {
  for (let left = reader.count(); left > 0; left--) yield read();
}

function* nodes(reader: RdbReader): Generator<Buffer> {
  for (let left = reader.count(); left > 0; left--) {
    const container = reader.length();
    if (container === 1) yield reader.string();
    else if (container === 2) yield* listpack(reader.string());
    else bad();
  }
}

/** Reads a value with its type code in front. @throws BadPayload */
export function readValue(reader: RdbReader): ReadValue {
  switch (reader.byte()) {
    case RDB.string:
      return { type: STRING, value: keptBytes(reader.string()) };
    case RDB.list:
      return listOf(times(reader, () => reader.string()));
    case RDB.set:
      return setOf(times(reader, () => latin1(reader.string())));
    case RDB.hash:
      return hashOf(times(reader, () => [reader.string(), reader.string()] as const));
    case RDB.zset:
      return zsetOf(times(reader, () => [reader.string(), reader.double()] as const));
    case RDB.oldZset:
      return zsetOf(times(reader, () => [reader.string(), reader.oldDouble()] as const));
    case RDB.listZiplist:
      return listOf(ziplist(reader.string()));
    case RDB.listQuicklist:
      return listOf([...times(reader, () => ziplist(reader.string()))].flat());
    case RDB.listQuicklist2:
      return listOf(nodes(reader));
    case RDB.setIntset:
      return setOf(intset(reader.string()));
    case RDB.hashZiplist:
      return hashOf(twos(ziplist(reader.string())));
    case RDB.hashListpack:
      return hashOf(twos(listpack(reader.string())));
    case RDB.zsetZiplist:
      return zsetOf(scored(ziplist(reader.string())));
    case RDB.zsetListpack:
      return zsetOf(scored(listpack(reader.string())));
    case RDB.stream:
      return { type: STREAM, value: readStream(reader, 1) };
    case RDB.stream2:
      return { type: STREAM, value: readStream(reader, 2) };
  }
  return bad();
}
