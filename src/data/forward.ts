// Effects as a candidate can use them, which has been given a part of the keys.
import { databasesOf, find, keysOf } from '../command/index.js';
import { encodeCommand, RequestParser } from '../resp/index.js';
import { type Store, VERB_DB, VERB_PUT } from '../store/index.js';

/**
 * Null: a command that only one who has been given everything could take. Those of keys that it has not been given are left out (their snapshot will hold them); keys that a command over
 * several keys touched are said as what they are now, once.
 */
export function forwarded(
  effects: Buffer,
  store: Store,
  given: (db: number, key: string) => boolean,
  all: boolean,
): Buffer[] | null {
  const parser = new RequestParser();
  const commands: { db: number; keys: { db: number; key: string }[]; raw: Buffer; whole: boolean }[] = [];
  const restated = new Map<string, { db: number; key: string }>();
  let db = 0;
  parser.feed(effects);
  while (parser.next()) {
    const { request } = parser;
    if (request.text(0) === VERB_DB) {
      db = Number(request.text(1));
      continue;
    }
    const { start } = request;
    const row = find(request.buffer, start + request.from[0]!, start + request.to[0]!);
    if (row?.swaps !== undefined && !all) return null;
    const names = row === undefined ? [request.text(1)] : keysOf(row, request).map((i) => request.text(i));
    const databases = row === undefined ? [db] : databasesOf(row, request, db);
    const keys = databases.flatMap((each) => names.map((key) => ({ db: each, key })));
    commands.push({ db, keys, raw: request.raw(), whole: row?.where === 'all' });
    if (keys.length > 1) for (const each of keys) restated.set(`${each.db}:${each.key}`, each);
  }
  const out: Buffer[] = [];
  for (const command of commands) {
    const key = command.keys[0];
    const single = command.keys.length === 1 && key !== undefined;
    const wanted =
      command.whole || (single && !restated.has(`${key.db}:${key.key}`) && given(key.db, key.key));
    if (wanted) out.push(encodeCommand([VERB_DB, command.db]), command.raw);
  }
  for (const { db: at, key } of restated.values()) {
    if (!given(at, key)) continue;
    const payload = store.exportKey(at, key);
    out.push(encodeCommand([VERB_DB, at]));
    out.push(payload === null ? encodeCommand(['DEL', key]) : encodeCommand([VERB_PUT, key, payload]));
  }
  return out;
}
