// What simulated clients ask: commands over few keys, some of single keys, some over several groups. Keys come in
// families that no command leaves, so that histories fall apart into small parts.
import { slotOfText } from '../../src/ring/index.js';
import type { Random } from './random.js';

/** A command, with the places of its keys. */
export interface Command {
  words: string[];
  keys: number[];
}

/** Keys that commands may touch together. */
export interface Family {
  db: number;
  keys: string[];
  /** Chosen this often. */
  weight: number;
  /** Its keys expire: what clients see of them is not judged, since the checker knows no time. */
  volatile?: boolean;
}

/** Names with the given prefix, `each` of them in every group. */
export function namesOver(prefix: string, groups: number, owners: Uint16Array, each: number): string[] {
  const found: string[][] = Array.from({ length: groups }, () => []);
  for (let i = 0; found.some((names) => names.length < each); i++) {
    const name = `${prefix}${i}`;
    const names = found[owners[slotOfText(name)]!]!;
    if (names.length < each) names.push(name);
  }
  return found.flat();
}

/** The families of a run. */
export function familiesOf(random: Random, groups: number, owners: Uint16Array): Family[] {
  const families: Family[] = [
    { db: 0, keys: namesOver('m', groups, owners, 1), weight: 3 },
    { db: 0, keys: namesOver('{same}', 1, new Uint16Array(16384), 2), weight: 1 },
  ];
  // A name in another database is another key with the same owner.
  if (random.chance(0.5))
    families.push({ db: 1, keys: namesOver('m', groups, owners, 1).slice(0, 2), weight: 1 });
  for (const key of namesOver('s', groups, owners, 1)) families.push({ db: 0, keys: [key], weight: 1 });
  return families;
}

type Make = (random: Random, pick: () => string, value: string) => (string | { key: string })[];
const key = (name: string) => ({ key: name });

const SINGLE: [number, Make][] = [
  [5, (_random, pick) => ['GET', key(pick())]],
  [4, (_random, pick, value) => ['SET', key(pick()), value]],
  [2, (_random, pick) => ['INCR', key(pick())]],
  [3, (_random, pick, value) => ['APPEND', key(pick()), `,${value}`]],
  [1, (_random, pick) => ['GETDEL', key(pick())]],
  [2, (_random, pick) => ['DEL', key(pick())]],
  [1, (_random, pick, value) => ['SET', key(pick()), value, 'NX']],
  [1, (_random, pick, value) => ['SET', key(pick()), value, 'XX', 'GET']],
  [1, (_random, pick, value) => ['SET', key(pick()), value, 'GET']],
  [1, (_random, pick) => ['EXISTS', key(pick())]],
  [1, (random, pick) => ['SET', key(pick()), String(random.below(1000))]],
];

const SEVERAL: [number, Make][] = [
  [3, (_random, pick, value) => ['MSET', key(pick()), value, key(pick()), `${value}'`]],
  [3, (_random, pick) => ['MGET', key(pick()), key(pick()), key(pick())]],
  [1, (_random, pick, value) => ['MSETNX', key(pick()), value, key(pick()), `${value}'`]],
  [1, (_random, pick) => ['DEL', key(pick()), key(pick()), key(pick())]],
  [1, (_random, pick) => ['EXISTS', key(pick()), key(pick())]],
  [1, (_random, pick) => ['RENAME', key(pick()), key(pick())]],
  [1, (_random, pick) => ['COPY', key(pick()), key(pick()), 'REPLACE']],
  [1, (_random, pick) => ['COPY', key(pick()), key(pick())]],
];

/** Names of keys that expire. */
export function volatileFamily(groups: number, owners: Uint16Array, weight: number): Family {
  return { db: 0, keys: namesOver('v', groups, owners, 1), weight, volatile: true };
}

const VOLATILE: [number, Make][] = [
  [4, (random, pick, value) => ['SET', key(pick()), value, 'PX', String(1 + random.below(400))]],
  [3, (_random, pick) => ['GET', key(pick())]],
  [2, (_random, pick) => ['MGET', key(pick()), key(pick())]],
  [1, (_random, pick, value) => ['SET', key(pick()), value]],
  [1, (_random, pick, value) => ['APPEND', key(pick()), value]],
  [1, (random, pick) => ['PEXPIRE', key(pick()), String(1 + random.below(100))]],
  [1, (_random, pick) => ['DEL', key(pick())]],
  [1, (_random, pick) => ['RENAME', key(pick()), key(pick())]],
  [1, (_random, pick, value) => ['MSET', key(pick()), value, key(pick()), `${value}'`]],
];

/** A command on one family. `value` is used by nobody else. */
export function commandOn(family: Family, random: Random, value: string): Command {
  const several = family.keys.length > 1 && random.chance(0.4);
  const items = random.weighted(family.volatile ? VOLATILE : several ? SEVERAL : SINGLE)(
    random,
    () => random.pick(family.keys),
    value,
  );
  const words = items.map((item) => (typeof item === 'string' ? item : item.key));
  return { words, keys: items.flatMap((item, i) => (typeof item === 'string' ? [] : [i])) };
}
