// Routers that connect to a new primary before it serves: they are let in when it does, rather than sent away to try
// again. Must never read for them, and keeps no more of what they say than a bound.
import type { Conn, ConnHandler } from '../net/host.js';

/** Connections that wait at most; further ones are sent away. */
const MAX_GUESTS = 1000;
/** Bytes of one connection that are kept; then it is not read any more until it is let in. */
const MAX_BYTES = 1024 * 1024;

/** Connections that wait for this member to serve. */
export class WaitingRoom {
  private readonly guests = new Set<() => void>();

  /**
   * Keeps a connection until open().
   * @param enter who handles it from then on
   * @returns what handles it; null: there is no room
   */
  hold(conn: Conn, enter: () => ConnHandler | null): ConnHandler | null {
    if (this.guests.size >= MAX_GUESTS) return null;
    const chunks: Buffer[] = [];
    let bytes = 0;
    let inner: ConnHandler | null = null;
    const letIn = () => {
      inner = enter();
      if (inner === null) return;
      for (const chunk of chunks.splice(0)) inner.data(chunk);
      if (bytes >= MAX_BYTES) conn.resume();
    };
    this.guests.add(letIn);
    return {
      data: (chunk) => {
        if (inner !== null) return inner.data(chunk);
        if (!this.guests.has(letIn)) return;
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= MAX_BYTES) conn.pause();
      },
      drained: () => inner?.drained?.(),
      closed: () => {
        this.guests.delete(letIn);
        inner?.closed();
      },
    };
  }

  /** This member serves: all are let in, in the order in which they came. */
  open(): void {
    const guests = [...this.guests];
    this.guests.clear();
    for (const letIn of guests) letIn();
  }
}
