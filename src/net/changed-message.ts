// Changed keys on their way from a primary to a router whose clients cache them: `TOWLINE.CHANGED (key counter)...`, a push
// on a data lane; without keys: any key may have changed. Must never leave one out.
import { Buffer } from 'node:buffer';
import { encodeCommand, ProtocolError, RequestParser } from '../resp/index.js';

/** One changed key. */
export interface ChangedKey {
  /** Latin1 text. */
  readonly key: string;
  /** Counter of the command of this lane that changed it, when nobody else did; 0: anybody. */
  readonly counter: number;
}

const VERB = 'TOWLINE.CHANGED';
/** Keys in one message: what parses it bounds its arguments. */
const AT_ONCE = 1000;
const [ARRAY, PUSH] = [42, 62];
const HEAD = `\r\n$${VERB.length}\r\n${VERB}\r\n`;

/** As push messages. @param keys null: any key */
export function encodeChanged(keys: readonly ChangedKey[] | null): Buffer {
  const messages: Buffer[] = [];
  const add = (words: (string | number)[]) => {
    const message = encodeCommand([VERB, ...words]);
    message[0] = PUSH;
    messages.push(message);
  };
  if (keys === null) add([]);
  else {
    for (let i = 0; i < keys.length; i += AT_ONCE)
      add(keys.slice(i, i + AT_ONCE).flatMap(({ key, counter }) => [key, counter]));
  }
  return Buffer.concat(messages);
}

/** Whether a push message is such a one. */
export function isChanged(bytes: Buffer): boolean {
  const at = bytes.indexOf(13);
  return at >= 0 && bytes.subarray(at, at + HEAD.length).latin1Slice() === HEAD;
}

/** @returns null: any key. @throws ProtocolError when it is malformed */
export function decodeChanged(bytes: Buffer): ChangedKey[] | null {
  const parser = new RequestParser();
  const copy = Buffer.from(bytes);
  copy[0] = ARRAY;
  parser.feed(copy);
  if (!parser.next()) throw new ProtocolError('message cut short');
  const { request } = parser;
  if (request.argc === 1) return null;
  if (request.text(0) !== VERB || request.argc % 2 !== 1)
    throw new ProtocolError('message that names no keys');
  const keys: ChangedKey[] = [];
  for (let i = 1; i < request.argc; i += 2) {
    const counter = Number(request.text(i + 1));
    if (!Number.isSafeInteger(counter)) throw new ProtocolError('message with a bad number');
    keys.push({ key: request.text(i), counter });
  }
  return keys;
}
