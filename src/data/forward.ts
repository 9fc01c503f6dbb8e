// Effects as a candidate can use them, which has been given a part of the keys.
import { databasesOf, findRequest, keysOf } from '../command/index.js';
import { encodeCommand, RequestParser } from '../resp/index.js';
import {
  type Store,
  VERB_ADOPT,
  VERB_DB,
  VERB_PUT,
  VERB_STAGE,
  VERB_SWAPPED,
  VERB_UNSTAGE,
} from '../store/index.js';

/** What has been given, and how more is said. */
export interface Telling {
  readonly store: Store;
  /** Whether the candidate has been given everything. */
  readonly all: boolean;
  /** Whether the candidate has this key as it was before these effects. */
  given(db: number, key: string): boolean;
  /** The key is too large to be said at once: it will be given in pieces, as one that was not given. */
  tooLarge(db: number, key: string): boolean;
}

interface Command {
  db: number;
  keys: { db: number; key: string }[];
  raw: Buffer;
  /** Of everything, or of what a candidate is told from the beginning (what is staged, swaps): said in any case. */
  always: boolean;
  /** It puts every key of two databases elsewhere. */
  swaps: boolean;
}

const ALWAYS = [VERB_STAGE, VERB_UNSTAGE, VERB_ADOPT, VERB_SWAPPED];

/**
 * Those of keys that it has not been given are left out (their snapshot will hold them); keys that a command over
 * several keys touched, some of which it has not, are said as what they are now, once. Null: a command that only one who
 * has been given everything could take (SWAPDB).
 */
export function forwarded(effects: Buffer, telling: Telling): Buffer[] | null {
  const given = (db: number, key: string) => telling.given(db, key);
  const commands = commandsOf(effects);
  if (!telling.all && commands.some(({ swaps }) => swaps)) return null;
  const nameOf = ({ db, key }: { db: number; key: string }) => `${db}:${key}`;
  const restated = new Map<string, { db: number; key: string }>();
  // What is restated is not kept up with in between: a command that reads it there makes something else of the others.
  for (let known = -1; known < restated.size; ) {
    known = restated.size;
    for (const { keys, always } of commands) {
      if (always || keys.length < 2) continue;
      if (keys.every((each) => given(each.db, each.key) && !restated.has(nameOf(each)))) continue;
      for (const each of keys) restated.set(nameOf(each), each);
    }
  }
  const out: Buffer[] = [];
  for (const { db, keys, raw, always } of commands) {
    if (
      !always &&
      (keys.length === 0 || keys.some((each) => restated.has(nameOf(each)) || !given(each.db, each.key)))
    )
      continue;
    out.push(encodeCommand([VERB_DB, db]), raw);
  }
  for (const { db, key } of restated.values()) {
    if (!given(db, key) || telling.tooLarge(db, key)) continue;
    const payload = telling.store.exportKey(db, key);
    out.push(encodeCommand([VERB_DB, db]));
    out.push(payload === null ? encodeCommand(['DEL', key]) : encodeCommand([VERB_PUT, key, payload]));
  }
  return out;
}

function commandsOf(effects: Buffer): Command[] {
  const parser = new RequestParser();
  const commands: Command[] = [];
  let db = 0;
  parser.feed(effects);
  while (parser.next()) {
    const { request } = parser;
    const verb = request.text(0);
    if (verb === VERB_DB) {
      db = Number(request.text(1));
      continue;
    }
    const row = findRequest(request);
    const names = row === undefined ? [request.text(1)] : keysOf(row, request).map((i) => request.text(i));
    const databases = row === undefined ? [db] : databasesOf(row, request, db);
    const keys = databases.flatMap((each) => names.map((key) => ({ db: each, key })));
    const always = row?.where === 'all' || (row === undefined && ALWAYS.includes(verb));
    commands.push({ db, keys, raw: request.raw(), always, swaps: row?.swaps !== undefined });
  }
  return commands;
}
