// A connection whose purpose is not known yet: waits for its first message, and hands over to whoever that is for.
import { Buffer } from 'node:buffer';
import type { Conn, ConnHandler } from '../net/host.js';
import { ProtocolError, RequestParser } from '../resp/index.js';

/**
 * Handles a connection until its first message is there.
 * @param open who takes it from then on, given the parser that found the message and may hold more; null: nobody, and
 *   the other end has been told
 * @param closed told when the connection is gone
 */
export function door(
  conn: Conn,
  open: (parser: RequestParser) => ConnHandler | null,
  closed: () => void,
): ConnHandler {
  const parser = new RequestParser();
  let inner: ConnHandler | null = null;
  let over = false;
  return {
    data: (chunk) => {
      if (over) return;
      if (inner !== null) return inner.data(chunk);
      try {
        parser.feed(chunk);
        if (!parser.next()) return;
        inner = open(parser);
        over = inner === null;
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        over = true;
        conn.write(Buffer.from(`-ERR ${error.message}\r\n`, 'latin1'));
        conn.end();
      }
    },
    drained: () => inner?.drained?.(),
    closed: () => {
      closed();
      inner?.closed();
    },
  };
}
