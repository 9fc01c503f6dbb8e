// What a peer sent is judged here before anything is executed: what would be a broken assertion further in must
// end its connection instead. Decides nothing about meaning, and must never change anything.
import { arityOk, type CommandRow, databasesOf, find, findRequest, keysOf, waits } from '../command/index.js';
import { type Aside, type Ask, lockName, type Run, type TxnKey } from '../commit/index.js';
import { ProtocolError, type Request, RequestParser } from '../resp/index.js';
import { fenceIn, MAX_SWAPS, type RingDocument, ringIn } from '../ring/index.js';
import {
  DATABASES,
  isPayload,
  VERB_ADOPT,
  VERB_DB,
  VERB_PUT,
  VERB_PUT_LOWER,
  VERB_SWAPPED,
} from '../store/index.js';
import { awaitedIn } from './awaited.js';
import type { Wrap } from './lane.js';

/** Argument i as an integer from 0 on. @throws ProtocolError when it is missing or none */
export function numberOf(request: Request, i: number): number {
  const value = i < request.argc && request.length(i) > 0 ? Number(request.text(i)) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < 0) throw new ProtocolError('message with a bad number');
  return value;
}

/** Argument i as the fence of a ring. @throws ProtocolError */
export function fenceAt(request: Request, i: number): number {
  const fence = i < request.argc ? fenceIn(request.text(i)) : null;
  if (fence === null) throw new ProtocolError('message with a bad fence');
  return fence;
}

/** Argument i as the number of a database. @throws ProtocolError */
export function databaseOf(request: Request, i: number): number {
  const db = numberOf(request, i);
  if (db >= DATABASES) throw new ProtocolError('message with a bad database');
  return db;
}

/** The ring in argument i. @throws ProtocolError */
export function ringOf(request: Request, i: number): RingDocument {
  const document = ringIn(request.bytes(i).toString('utf8'));
  if (document === null) throw new ProtocolError('message with a bad ring');
  return document;
}

/** The row of a command that a data node executes, with as many arguments as it wants. @throws ProtocolError */
function executable(request: Request): CommandRow {
  const row = request.argc === 0 ? undefined : findRequest(request);
  if (row === undefined || row.where === 'router' || !arityOk(row, request.argc)) {
    throw new ProtocolError('message with a command that is none');
  }
  return row;
}

/** Every command in these bytes, one at a time. @throws ProtocolError when they are malformed or end too early */
function* commandsIn(bytes: Buffer): Generator<Request> {
  const parser = new RequestParser();
  parser.feed(bytes);
  while (parser.next()) yield parser.request;
  if (parser.pending > 0) throw new ProtocolError('command cut short');
}

/** The one command in these bytes. @throws ProtocolError when it is not one that a data node executes */
export function commandOf(bytes: Buffer): { row: CommandRow; request: Request } {
  const parser = new RequestParser();
  parser.feed(bytes);
  if (!parser.next()) throw new ProtocolError('command cut short');
  return { row: executable(parser.request), request: parser.request };
}

/** A `TOWLINE.TRY id waited command`, taken apart. */
export interface TryMessage {
  id: number;
  /** How long the client has waited, ms. */
  waited: number;
  row: CommandRow;
  request: Request;
}

/** @throws ProtocolError when it is none */
export function tryOf(message: Request): TryMessage {
  if (message.argc !== 4) throw new ProtocolError('message with a missing field');
  const { row, request } = commandOf(message.bytes(3));
  if (!waits(row, request)) throw new ProtocolError('an attempt of a command that does not wait');
  return { id: numberOf(message, 1), waited: numberOf(message, 2), row, request };
}

/** Whether a message is one of blocking commands. @throws ProtocolError when it is malformed */
function isBlocking(message: Request): boolean {
  if (message.is(0, 'towline.unblock')) return message.argc === 2 && numberOf(message, 1) > 0;
  if (!message.is(0, 'towline.block')) return false;
  numberOf(message, 1);
  numberOf(message, 2);
  if (message.argc < 6) throw new ProtocolError('message with a missing field');
  awaitedIn(message, 0);
  return true;
}

/** A read that a router wrapped: `TOWLINE.ASK command`, `TOWLINE.WITHIN owned command`; null: none. @throws ProtocolError */
export function unwrap(
  request: Request,
): { wrap: Wrap; row: CommandRow | undefined; request: Request } | null {
  if (request.is(0, 'towline.stage') && request.argc === 5) return { wrap: 'stage', row: undefined, request };
  if (request.is(0, 'towline.unstage') && request.argc === 2)
    return { wrap: 'stage', row: undefined, request };
  if (request.is(0, 'towline.piece')) return { wrap: 'piece', row: undefined, request };
  if (request.is(0, 'towline.exec') && request.argc > 2) return { wrap: 'exec', row: undefined, request };
  if (request.is(0, 'towline.states')) return { wrap: 'states', row: undefined, request };
  if (request.is(0, 'towline.try') && tryOf(request)) return { wrap: 'try', row: undefined, request };
  if (isBlocking(request)) return { wrap: 'block', row: undefined, request };
  const asked = request.is(0, 'towline.ask') && request.argc === 2;
  if (!asked && !(request.is(0, 'towline.within') && request.argc === 3)) return null;
  const parser = new RequestParser();
  parser.feed(request.bytes(request.argc - 1));
  if (!parser.next() || parser.request.argc === 0) throw new ProtocolError('command cut short');
  const inner = parser.request;
  const row = findRequest(inner);
  if (row?.write) throw new ProtocolError('a wrapped command that writes');
  if (!asked) return { wrap: numberOf(request, 1) === 1 ? 'owned' : 'elsewhere', row, request: inner };
  if (row === undefined || !arityOk(row, inner.argc) || keysOf(row, inner).length !== 1) {
    throw new ProtocolError('asked for none, or more than one key');
  }
  return { wrap: 'asked', row, request: inner };
}

/** What is to be read under a lock, in order. */
export const readsIn = ({ read, also = [] }: Ask & { kind: 'lock' }): Run[] =>
  read === null ? [] : [read, ...also];

/** Reads of locks that have no row. */
const ROWLESS = ['towline.states', 'towline.scan', 'towline.random'];

/** The read of a lock: a command of the table, or one of those that have no row. @throws ProtocolError */
export function readOf(bytes: Buffer): { row: CommandRow | undefined; request: Request } {
  const parser = new RequestParser();
  parser.feed(bytes);
  if (!parser.next()) throw new ProtocolError('command cut short');
  const { request } = parser;
  if (request.argc > 0 && ROWLESS.some((name) => request.is(0, name))) return { row: undefined, request };
  return { row: executable(request), request };
}

/** @throws ProtocolError unless this lock, aside or prepare can be executed when its turn comes */
export function vetAsk(ask: Ask): void {
  if (ask.kind === 'lock') {
    for (const { command } of readsIn(ask)) {
      if (readOf(command).row?.write) throw new ProtocolError('a lock whose read writes');
    }
  }
  if (ask.kind === 'lock' && ask.aside !== undefined) vetAside(ask.aside);
  if (ask.kind === 'aside') vetAside(ask);
  // Of the others keysMadeBy() says it.
  if (ask.kind === 'prepare' && ask.part !== 'takes')
    for (const request of commandsIn(ask.effects)) vetEffect(request);
}

/** Commands that run aside may touch only what was fetched for them. */
function vetAside({ values, runs }: Aside): void {
  const fetched = new Set(values.map(({ db, key }) => lockName(db, key)));
  for (const { payload } of values) {
    if (payload !== null && !isPayload(payload)) throw new ProtocolError('message with a bad value');
  }
  for (const { db, command } of runs) {
    const { row, request } = commandOf(command);
    // FLUSHALL or DBSIZE, in the middle of a transaction that has locked everything: of what was fetched.
    if (row.where === 'all') continue;
    if (row.where !== 'keys') throw new ProtocolError('aside: a command without keys');
    for (const each of databasesOf(row, request, db)) {
      for (const i of keysOf(row, request)) {
        if (!fetched.has(lockName(each, request.text(i))))
          throw new ProtocolError('aside: a key not fetched');
      }
    }
  }
}

/** Whether argument 2 is one, as exportKey() makes them. */
const hasPayload = ({ buffer, start, from, to }: Request) =>
  isPayload(buffer, start + from[2]!, start + to[2]!);

/** Keys that these effects make, each with its own command. @throws ProtocolError when they do anything else */
export function keysMadeBy(effects: Buffer): TxnKey[] {
  const keys: TxnKey[] = [];
  let db = 0;
  for (const request of commandsIn(effects)) {
    if (request.argc === 3 && request.is(0, VERB_PUT_LOWER) && hasPayload(request))
      keys.push({ db, key: request.text(1), exclusive: true });
    else if (request.argc === 2 && request.text(0) === VERB_DB) db = databaseOf(request, 1);
    else throw new ProtocolError('an effect that makes no key');
  }
  return keys;
}

/** Effects as coordinators make them (router/plan.ts): once prepared they must be executable on every member. */
function vetEffect(request: Request): void {
  if (request.argc === 0) throw new ProtocolError('an effect that is empty');
  const { start } = request;
  if (find(request.buffer, start + request.from[0]!, start + request.to[0]!) === undefined) {
    const verb = request.text(0);
    if (verb === VERB_DB && request.argc === 2) databaseOf(request, 1);
    else if (verb === VERB_ADOPT && request.argc === 3) return;
    else if (verb === VERB_SWAPPED && request.argc === 3) {
      numberOf(request, 1);
      if (numberOf(request, 2) > MAX_SWAPS) throw new ProtocolError('message with a bad number');
    } else if (verb !== VERB_PUT || request.argc !== 3 || !hasPayload(request)) {
      throw new ProtocolError('an effect that is none');
    }
    return;
  }
  const { where, write, split, swaps } = executable(request);
  const whole =
    where === 'all' && (swaps === undefined ? request.argc === 1 : typeof swaps(request) !== 'string');
  const pairs = split === 'pairs' && request.argc % 2 === 1;
  if (!write || !(whole || pairs || split === 'delete'))
    throw new ProtocolError('an effect that may be refused');
}

/** Names of staged payloads that these effects make keys of. */
export function adoptedIn(effects: Buffer): string[] {
  if (!effects.includes(VERB_ADOPT)) return [];
  const names: string[] = [];
  for (const request of commandsIn(effects)) {
    if (request.argc === 3 && request.text(0) === VERB_ADOPT) names.push(request.text(2));
  }
  return names;
}
