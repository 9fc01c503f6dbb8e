// Keyspace events on their way from a primary to a router: `TOWLINE.EVENTS (kind event db key)...`, pushes on a data lane,
// and the same bytes in answers about transactions. Must never interpret what it carries.
import { Buffer } from 'node:buffer';
import { encodeCommand, inOne, ProtocolError, RequestParser } from '../resp/index.js';

/** One event (command/key-events.ts has the kinds). */
export interface KeyEventMessage {
  readonly kind: number;
  readonly event: string;
  readonly db: number;
  readonly key: string;
}

const VERB = 'TOWLINE.EVENTS';
/** Events in one message: what parses it bounds its arguments. */
const AT_ONCE = 1000;
const [ARRAY, PUSH] = [42, 62];
const HEAD = `\r\n$${VERB.length}\r\n${VERB}\r\n`;

/** Events as push messages, one behind the other; of no events none. */
export function encodeEvents(events: readonly KeyEventMessage[]): Buffer {
  const messages: Buffer[] = [];
  for (let i = 0; i < events.length; i += AT_ONCE) {
    const some = events.slice(i, i + AT_ONCE);
    const message = encodeCommand([
      VERB,
      ...some.flatMap(({ kind, event, db, key }) => [kind, event, db, key]),
    ]);
    message[0] = PUSH;
    messages.push(message);
  }
  return inOne(messages);
}

/** Whether a push message begins such a message. */
export function isEvents(bytes: Buffer): boolean {
  const at = bytes.indexOf(13);
  return at >= 0 && bytes.subarray(at, at + HEAD.length).latin1Slice() === HEAD;
}

/** The events in such messages. @throws ProtocolError when they are malformed */
export function decodeEvents(bytes: Buffer): KeyEventMessage[] {
  const events: KeyEventMessage[] = [];
  // A push is an array of another kind, which the parser does not take; a copy, since others may look at the bytes.
  let rest = Buffer.from(bytes);
  while (rest.length > 0) {
    const parser = new RequestParser();
    if (rest[0] !== PUSH) throw new ProtocolError('message that is no event');
    rest[0] = ARRAY;
    parser.feed(rest);
    if (!parser.next()) throw new ProtocolError('event cut short');
    const { request } = parser;
    if (request.text(0) !== VERB || request.argc % 4 !== 1)
      throw new ProtocolError('message that is no event');
    for (let i = 1; i < request.argc; i += 4) {
      const [kind, db] = [Number(request.text(i)), Number(request.text(i + 2))];
      if (!Number.isSafeInteger(kind) || !Number.isSafeInteger(db))
        throw new ProtocolError('event with a bad number');
      events.push({ kind, event: request.text(i + 1), db, key: request.text(i + 3) });
    }
    rest = rest.subarray(request.end);
  }
  return events;
}
