// Invalidations as clients read them: pushes in RESP3, messages of a channel in RESP2. Pure.
import { Buffer } from 'node:buffer';
import { encodeCommand, type Proto } from '../../resp/index.js';

/** Where redirected ones are told in RESP2. */
const CHANNEL = '__redis__:invalidate';

/** @param keys null: everything that was read may have changed */
export function invalidation(keys: readonly string[] | null, proto: Proto): Buffer {
  const none = proto === 3 ? '_\r\n' : '*-1\r\n';
  const list = keys === null ? Buffer.from(none, 'latin1') : encodeCommand(keys);
  const head =
    proto === 3
      ? '>2\r\n$10\r\ninvalidate\r\n'
      : `*3\r\n$7\r\nmessage\r\n$${CHANNEL.length}\r\n${CHANNEL}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), list]);
}

/** What a RESP3 client hears whose invalidations nobody takes any more. */
export function brokenRedirect(id: number): Buffer {
  return Buffer.from(`>2\r\n$21\r\ntracking-redir-broken\r\n:${id}\r\n`, 'latin1');
}
