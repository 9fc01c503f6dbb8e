// Keyspace events at a primary. Those of a router's command go back to that router in front of the reply, and so no
// sooner than what they tell of is committed (R8); those of the group's own doings (what expired by itself, or was met by
// a transaction) go to one router, which tells all subscribers. What a failover loses of them is lost: at most once.
// Must never tell an event to two routers: each tells every subscriber there is.
import { Buffer } from 'node:buffer';
import { EXPIRED_EVENT } from '../command/index.js';
import { encodeEvents } from '../net/event-message.js';
import type { ReplyWriter } from '../resp/index.js';
import type { Context, KeyEvent } from '../store/index.js';
import type { Lane } from './lane.js';

/** Events of the group's own that wait to be committed, at most; more are lost. */
const MOST = 100_000;

/** What the group itself has to announce. */
export class Announcements {
  private waiting: { need: number; event: KeyEvent }[] = [];
  /** Classes of which any router wants to hear what the group does by itself. */
  wanted = 0;

  /** What routers want has changed. */
  renew(lanes: Iterable<Lane>): void {
    this.wanted = 0;
    for (const { notify } of lanes) this.wanted |= notify & EXPIRED_EVENT;
    if (this.wanted === 0) this.waiting = [];
  }

  /** Events of what was executed just now, which depend on what is logged at `need`. */
  add(events: readonly KeyEvent[], need: number): void {
    for (const event of events) if (this.waiting.length < MOST) this.waiting.push({ need, event });
  }

  /** End of the turn: what is committed is told to the first router that wants it. */
  flush(committed: number, lanes: Iterable<Lane>): void {
    if (this.waiting.length === 0) return;
    const ready = this.waiting.filter(({ need }) => need <= committed);
    if (ready.length === 0) return;
    this.waiting = this.waiting.filter(({ need }) => need > committed);
    for (const lane of lanes) {
      const own = ready.filter(({ event }) => (event.kind & lane.notify) !== 0);
      if (own.length === 0) continue;
      lane.tell(encodeEvents(own.map(({ event }) => event)));
      return;
    }
  }
}

/**
 * Puts the events of what was just executed in front of its reply, which begins at `from`.
 * @returns where the reply begins now
 */
export function announce(writer: ReplyWriter, from: number, ctx: Context): number {
  if (ctx.events.length === 0) return from;
  const { events } = ctx;
  ctx.events = [];
  const reply = Buffer.from(writer.view(from));
  writer.truncate(from);
  writer.bytes(encodeEvents(events));
  const at = writer.length;
  writer.bytes(reply);
  return at;
}
