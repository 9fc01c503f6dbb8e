// Transaction messages and log entries <-> RESP arrays named TOWLINE.*, so that redis-cli can speak to any process.
// Every field is one bulk string; lists are preceded by their length. Must never interpret what it carries.
import { Buffer } from 'node:buffer';
import {
  type Answer,
  type Aside,
  type Ask,
  type KeyValue,
  LOCKS_DB,
  type Run,
  type Take,
  type Taken,
  type TxnEntry,
  type TxnKey,
  type TxnState,
} from '../commit/index.js';
import { type Argument, encodeCommand, ProtocolError, type Request } from '../resp/index.js';
import { Fields } from './fields.js';

/** Keys, in runs of those with the same database and mode: `n [db exclusive n key...]...`. */
function keyFields(keys: readonly TxnKey[]): Argument[] {
  const fields: Argument[] = [0];
  let runs = 0;
  for (let at = 0; at < keys.length; runs++) {
    const { db, exclusive } = keys[at]!;
    const head = fields.push(db, exclusive ? 1 : 0, 0) - 1;
    const from = at;
    while (at < keys.length && keys[at]!.db === db && keys[at]!.exclusive === exclusive)
      fields.push(keys[at++]!.key);
    fields[head] = at - from;
  }
  fields[0] = runs;
  return fields;
}
function readKeys(fields: Fields): TxnKey[] {
  const keys: TxnKey[] = [];
  for (let runs = fields.length(); runs > 0; runs--) {
    const db = fields.database(LOCKS_DB);
    const exclusive = fields.flag();
    for (let count = fields.length(); count > 0; count--) keys.push({ db, key: fields.text(), exclusive });
  }
  return keys;
}

/** Values, in runs of those of one database: `n [db n [key payload]...]...`. No payload has no bytes: no such key. */
function valueFields(values: readonly KeyValue[]): Argument[] {
  const fields: Argument[] = [0];
  let runs = 0;
  for (let at = 0; at < values.length; runs++) {
    const { db } = values[at]!;
    const head = fields.push(db, 0) - 1;
    const from = at;
    for (; at < values.length && values[at]!.db === db; at++) {
      const { key, payload } = values[at]!;
      fields.push(key, payload ?? '');
    }
    fields[head] = at - from;
  }
  fields[0] = runs;
  return fields;
}
function readValues(fields: Fields): KeyValue[] {
  const values: KeyValue[] = [];
  for (let runs = fields.length(); runs > 0; runs--) {
    const db = fields.database();
    for (let count = fields.length(); count > 0; count--) {
      const key = fields.text();
      const payload = fields.bytes();
      values.push({ db, key, payload: payload.length === 0 ? null : payload });
    }
  }
  return values;
}

const runFields = (runs: readonly Run[]): Argument[] => [
  runs.length,
  ...runs.flatMap(({ db, proto, command }) => [db, proto, command]),
];
const readRuns = (fields: Fields): Run[] =>
  fields.list(() => ({
    db: fields.database(),
    proto: fields.integer() === 3 ? 3 : 2,
    command: fields.bytes(),
  }));

const asideFields = ({ values, runs, notify, moment }: Aside): Argument[] => [
  ...valueFields(values),
  ...runFields(runs),
  notify ?? 0,
  ...(moment === undefined ? [0] : [1, moment.seed, moment.at]),
];
function readAside(fields: Fields): Aside {
  const aside: Aside = { values: readValues(fields), runs: readRuns(fields) };
  const notify = fields.integer();
  if (notify > 0) aside.notify = notify;
  if (fields.flag()) aside.moment = { seed: fields.integer(), at: fields.integer() };
  return aside;
}
const eventFields = (events: Buffer | undefined): Argument[] => (events === undefined ? [0] : [1, events]);

const takeFields = (take: Take | undefined): Argument[] =>
  take === undefined ? [0] : [1, take.keys, take.bytes, slotBytes(take.slots)];
function slotBytes(slots: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(2 * slots.length);
  slots.forEach((slot, i) => {
    bytes[2 * i] = slot >> 8;
    bytes[2 * i + 1] = slot & 255;
  });
  return bytes;
}
function readTake(fields: Fields): Take | undefined {
  if (!fields.flag()) return undefined;
  const keys = fields.integer();
  const bytes = fields.integer();
  return { keys, bytes, slots: fields.slots() };
}
function takenFields(taken: Taken | undefined): Argument[] {
  if (taken === undefined) return [0];
  const { keys, bytes, rest, large, effects } = taken;
  const found = large === null ? [0] : [1, large.db, large.key, large.size];
  return [1, keys, bytes, rest ? 1 : 0, ...found, effects];
}
function readTaken(fields: Fields): Taken | undefined {
  if (!fields.flag()) return undefined;
  const keys = fields.integer();
  const bytes = fields.integer();
  const rest = fields.flag();
  const large = fields.flag() ? { db: fields.database(), key: fields.text(), size: fields.integer() } : null;
  return { keys, bytes, rest, large, effects: fields.bytes() };
}
const PARTS = [undefined, 'gives', 'takes'] as const;

const nameFields = (names: string[]): Argument[] => [names.length, ...names];
const readNames = (fields: Fields): string[] => fields.list(() => fields.text());

/** An Ask as bytes. */
export function encodeAsk(ask: Ask): Buffer {
  switch (ask.kind) {
    case 'lock': {
      const { txn, ring, everything, fetch, keys, read, also = [], atOnce, aside, take } = ask;
      const flags = [everything ? 1 : 0, fetch ? 1 : 0, atOnce ? 1 : 0];
      return encodeCommand([
        'TOWLINE.LOCKKEYS',
        txn,
        ring,
        ...flags,
        ...keyFields(keys),
        ...runFields(read ? [read, ...also] : []),
        ...(aside ? [1, ...asideFields(aside)] : [0]),
        ...takeFields(take),
      ]);
    }
    case 'release':
      return encodeCommand(['TOWLINE.RELEASE', ask.txn]);
    case 'aside':
      return encodeCommand(['TOWLINE.ASIDE', ask.txn, ...asideFields(ask)]);
    case 'prepare':
      return encodeCommand([
        'TOWLINE.PREPARE',
        ask.txn,
        ask.token,
        PARTS.indexOf(ask.part),
        ...nameFields(ask.participants),
        ask.effects,
      ]);
    case 'outcome':
      return encodeCommand(['TOWLINE.OUTCOME', ask.txn, ask.commit ? 1 : 0]);
    case 'forget':
      return encodeCommand(['TOWLINE.FORGET', ask.txn]);
    case 'inquire':
      return encodeCommand(['TOWLINE.INQUIRE', ask.txn]);
  }
}

/** The Ask that a request is. @throws ProtocolError when it is none. */
export function decodeAsk(request: Request): Ask {
  const fields = new Fields(request);
  const txn = fields.text();
  switch (request.text(0)) {
    case 'TOWLINE.LOCKKEYS': {
      const ring = fields.fence();
      const everything = fields.flag();
      const fetch = fields.flag();
      const atOnce = fields.flag();
      const keys = readKeys(fields);
      const [read = null, ...also] = readRuns(fields);
      const aside = fields.flag() ? readAside(fields) : undefined;
      const take = readTake(fields);
      const lock = { kind: 'lock', txn, ring, everything, fetch, keys, read, atOnce, aside, take } as const;
      return also.length > 0 ? { ...lock, also } : lock;
    }
    case 'TOWLINE.RELEASE':
      return { kind: 'release', txn };
    case 'TOWLINE.ASIDE':
      return { kind: 'aside', txn, ...readAside(fields) };
    case 'TOWLINE.PREPARE': {
      const token = fields.text();
      const part = PARTS[fields.integer()];
      const participants = readNames(fields);
      return { kind: 'prepare', txn, token, participants, effects: fields.bytes(), part };
    }
    case 'TOWLINE.OUTCOME':
      return { kind: 'outcome', txn, commit: fields.flag() };
    case 'TOWLINE.FORGET':
      return { kind: 'forget', txn };
    case 'TOWLINE.INQUIRE':
      return { kind: 'inquire', txn };
    default:
      throw new ProtocolError('no transaction message');
  }
}

/** An Answer as bytes. */
export function encodeAnswer(answer: Answer): Buffer {
  const { txn } = answer;
  switch (answer.kind) {
    case 'locked':
      return encodeCommand([
        'TOWLINE.LOCKED',
        txn,
        answer.token,
        answer.firm ? 1 : 0,
        ...valueFields(answer.values),
        answer.reply,
        ...(answer.changes ? [1, ...valueFields(answer.changes)] : [0]),
        ...eventFields(answer.events),
        ...takenFields(answer.taken),
      ]);
    case 'refused':
      return encodeCommand(
        answer.why === 'large'
          ? ['TOWLINE.REFUSED', txn, answer.why, answer.key.db, answer.key.key]
          : ['TOWLINE.REFUSED', txn, answer.why],
      );
    case 'ran':
      return encodeCommand([
        'TOWLINE.RAN',
        txn,
        answer.reply,
        ...valueFields(answer.changes),
        ...eventFields(answer.events),
        answer.at ?? 0,
      ]);
    case 'vote':
      return encodeCommand(['TOWLINE.VOTE', txn, answer.vote]);
    case 'done':
      return encodeCommand(['TOWLINE.DONE', txn]);
    case 'state':
      return encodeCommand(['TOWLINE.STATE', txn, answer.state]);
  }
}

/** The Answer that a message is. @throws ProtocolError when it is none. */
export function decodeAnswer(request: Request): Answer {
  const fields = new Fields(request);
  const txn = fields.text();
  switch (request.text(0)) {
    case 'TOWLINE.LOCKED': {
      const token = fields.text();
      const firm = fields.flag();
      const values = readValues(fields);
      const reply = fields.bytes();
      const changes = fields.flag() ? readValues(fields) : undefined;
      const events = fields.flag() ? fields.bytes() : undefined;
      const taken = readTaken(fields);
      return { kind: 'locked', txn, token, firm, values, reply, changes, events, taken };
    }
    case 'TOWLINE.REFUSED': {
      const why = oneOf(fields.text(), ['stale', 'full', 'noreplicas', 'busy', 'large']);
      if (why !== 'large') return { kind: 'refused', txn, why };
      return { kind: 'refused', txn, why, key: { db: fields.database(), key: fields.text() } };
    }
    case 'TOWLINE.RAN': {
      const reply = fields.bytes();
      const ran: Answer = { kind: 'ran', txn, reply, changes: readValues(fields) };
      if (fields.flag()) ran.events = fields.bytes();
      const at = fields.integer();
      return at > 0 ? { ...ran, at } : ran;
    }
    case 'TOWLINE.VOTE':
      return { kind: 'vote', txn, vote: oneOf(fields.text(), ['prepared', 'never', 'uncertain']) };
    case 'TOWLINE.DONE':
      return { kind: 'done', txn };
    case 'TOWLINE.STATE': {
      const states: TxnState[] = ['prepared', 'yielded', 'committed', 'aborted', 'never'];
      return { kind: 'state', txn, state: oneOf(fields.text(), states) };
    }
    default:
      throw new ProtocolError('no transaction answer');
  }
}

/** A transaction's log entry as bytes. */
export function encodeTxnEntry(entry: TxnEntry): Buffer {
  switch (entry.kind) {
    case 'prepare': {
      const { txn, participants, keys, everything, effects } = entry;
      return encodeCommand([
        'prepare',
        txn,
        ...nameFields(participants),
        ...keyFields(keys),
        everything ? 1 : 0,
        effects,
      ]);
    }
    case 'outcome':
      return encodeCommand(['outcome', entry.txn, entry.commit ? 1 : 0]);
    case 'never':
      return encodeCommand(['never', entry.txn]);
    case 'forget':
      return encodeCommand(['forget', entry.txn, entry.fence ? 1 : 0]);
  }
}

/** The log entry that these fields are. @throws ProtocolError when they are none. */
export function decodeTxnEntry(request: Request): TxnEntry {
  const fields = new Fields(request);
  const txn = fields.text();
  switch (request.text(0)) {
    case 'prepare': {
      const participants = readNames(fields);
      const keys = readKeys(fields);
      const everything = fields.flag();
      return { kind: 'prepare', txn, participants, keys, everything, effects: fields.bytes() };
    }
    case 'outcome':
      return { kind: 'outcome', txn, commit: fields.flag() };
    case 'never':
      return { kind: 'never', txn };
    case 'forget':
      return { kind: 'forget', txn, fence: fields.flag() };
    default:
      throw new ProtocolError('no log entry');
  }
}

function oneOf<T extends string>(text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (found === undefined) throw new ProtocolError(`unexpected word ${text}`);
  return found;
}
