// The classes of keyspace events, as notify-keyspace-events names them by letters: what a router sets, a data node is
// told, and a command announces an event under. Facts only.

/** `__keyspace@db__:key` messages, `__keyevent@db__:event` messages: where events are told. */
export const KEYSPACE = 1 << 0;
export const KEYEVENT = 1 << 1;
/** Classes of events. GENERIC: of keys of any type (DEL, EXPIRE, RENAME ...). */
export const GENERIC_EVENT = 1 << 2;
export const STRING_EVENT = 1 << 3;
export const LIST_EVENT = 1 << 4;
export const SET_EVENT = 1 << 5;
export const HASH_EVENT = 1 << 6;
export const ZSET_EVENT = 1 << 7;
export const EXPIRED_EVENT = 1 << 8;
/** Nothing is evicted here: there is no such event. */
const EVICTED_EVENT = 1 << 9;
export const STREAM_EVENT = 1 << 10;
/** A reading command looked for a key that is not there. */
export const MISS_EVENT = 1 << 11;
const MODULE_EVENT = 1 << 13;
/** A key came into being. */
export const NEW_EVENT = 1 << 14;

/** Of all classes but misses and new keys: the letter A. */
const ALL =
  GENERIC_EVENT |
  STRING_EVENT |
  LIST_EVENT |
  SET_EVENT |
  HASH_EVENT |
  ZSET_EVENT |
  EXPIRED_EVENT |
  EVICTED_EVENT |
  STREAM_EVENT |
  MODULE_EVENT;

/** No class of events, but a flag beside them on a data lane: every changed key is to be told (CLIENT TRACKING). */
export const CHANGES = 1 << 20;

/** In the order in which CONFIG GET shows them: classes that `A` stands for or hides, then the rest. */
const CLASSES: readonly (readonly [string, number])[] = [
  ['g', GENERIC_EVENT],
  ['$', STRING_EVENT],
  ['l', LIST_EVENT],
  ['s', SET_EVENT],
  ['h', HASH_EVENT],
  ['z', ZSET_EVENT],
  ['x', EXPIRED_EVENT],
  ['e', EVICTED_EVENT],
  ['t', STREAM_EVENT],
  ['d', MODULE_EVENT],
  ['n', NEW_EVENT],
];
const REST: readonly (readonly [string, number])[] = [
  ['K', KEYSPACE],
  ['E', KEYEVENT],
  ['m', MISS_EVENT],
];

/** The flags that these letters name; null: one of them names none. */
export function eventFlags(text: string): number | null {
  let flags = 0;
  for (const letter of text) {
    const known = [...CLASSES, ...REST].find(([name]) => name === letter);
    if (known === undefined && letter !== 'A') return null;
    flags |= known === undefined ? ALL : known[1];
  }
  return flags;
}

/** The letters of flags, as Redis 7.0 shows them: with `A` it does not show `n`. */
export function eventLetters(flags: number): string {
  const shown = (all: readonly (readonly [string, number])[]) =>
    all.map(([name, flag]) => ((flags & flag) === 0 ? '' : name)).join('');
  return ((flags & ALL) === ALL ? 'A' : shown(CLASSES)) + shown(REST);
}
