// What stands behind one key. Entries are changed in place by the keyspace and by nobody else.

/** A string's bytes: short ones as latin1 text (one character a byte), long ones as a Buffer that owns its memory. */
export type StringValue = string | Buffer;

/** Type codes. They are part of exported payloads and are never given a second meaning. */
export const STRING = 0;
export const LIST = 1;
export const SET = 2;
export const ZSET = 3;
export const HASH = 4;
export const STREAM = 5;

/** A value of many elements, changed in place by its type's commands, which then say so (Access.changed). */
export interface Collection {
  /** Number of elements; a key whose collection has none is deleted. Never 0 of a type that stays when it is empty. */
  readonly size: number;
  /** Bytes of memory that it holds, approximately; kept up to date by each change. */
  readonly held: number;
}

/** A stored value. */
export type Value = StringValue | Collection;

/** An entry whose type is known. */
export interface TypedEntry<V extends Value> extends Entry {
  value: V;
}

/** An entry that is known to hold a string. */
export type StringEntry = TypedEntry<StringValue>;

/** One key's value and what is known about it. */
export class Entry {
  constructor(
    public value: Value,
    /** STRING, ... */
    public type: number,
    /** ms since 1970 after which the key is gone; -1: never. */
    public expireAt: number,
    /** Seq of the change that wrote it last (R8). */
    public seq: number,
    /** Second of the last access, for OBJECT IDLETIME; counted from USED_EPOCH. */
    public used: number,
  ) {}
}

const USED_EPOCH = 1_700_000_000;

/** Second of `now` (ms) as Entry.used keeps it: small enough for a machine integer. */
export function usedAt(now: number): number {
  return Math.floor(now / 1000) - USED_EPOCH;
}
