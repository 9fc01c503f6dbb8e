// Asks a process what it is, once: connects, TOWLINE.STATUS, closes. Silence and nonsense are one answer, null: whoever
// asks must not depend on it for safety.
import RedisParser from 'redis-parser';
import { encodeCommand } from '../resp/index.js';
import type { Address, Host } from './host.js';

/** What the process at this address says of itself; null: nothing that can be read, within `timeoutMs`. */
export function statusAt(
  host: Host,
  address: Address,
  timeoutMs: number,
): Promise<Record<string, unknown> | null> {
  return new Promise((resolve) => {
    const end = (answer: Record<string, unknown> | null) => {
      cancel();
      conn.destroy();
      resolve(answer);
    };
    const parser = new RedisParser({
      returnReply: (reply) => end(objectIn(reply)),
      returnError: () => end(null),
      returnFatalError: () => end(null),
    });
    const conn = host.connect(address, {
      data: (chunk) => parser.execute(chunk),
      closed: () => end(null),
    });
    conn.write(encodeCommand(['TOWLINE.STATUS']));
    const cancel = host.after(timeoutMs, () => end(null));
  });
}

function objectIn(reply: unknown): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(String(reply));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
