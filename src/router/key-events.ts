// Keyspace events at a router: which classes its lanes are to be told of, and what becomes of those that arrive: each is
// published like a client's message, to subscribers at every router. Must never want any while nobody could hear them.
import { Buffer } from 'node:buffer';
import { KEYEVENT, KEYSPACE } from '../command/index.js';
import type { KeyEventMessage } from '../net/event-message.js';
import type { PubSubDesk, Settings } from './local/index.js';

/** Whoever events arrive at. */
export interface EventSink {
  /** Classes that are wanted now. */
  readonly flags: number;
  tell(events: readonly KeyEventMessage[]): void;
}

/** What is needed of the router. */
export interface KeyEventsOwner {
  readonly settings: Settings;
  readonly pubsub: PubSubDesk;
  /** Every lane is told what is wanted now. */
  notifyLanes(): void;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Keyspace events of one router. */
export class KeyEvents implements EventSink {
  flags = 0;

  constructor(private readonly owner: KeyEventsOwner) {}

  /** The setting, or what somebody has subscribed to at any router, has changed. */
  renew(): void {
    const { settings, pubsub } = this.owner;
    const set = settings.values.keyEvents;
    const wanted = (set & (KEYSPACE | KEYEVENT)) !== 0 && pubsub.keyEventNames > 0 ? set : 0;
    if (wanted === this.flags) return;
    this.flags = wanted;
    this.owner.notifyLanes();
  }

  /** As Redis: to the key's channel, then to the event's. */
  tell(events: readonly KeyEventMessage[]): void {
    const { pubsub } = this.owner;
    const { flags } = this;
    for (const { kind, event, db, key } of events) {
      // It was wanted when it happened.
      if ((flags & kind) === 0) continue;
      if ((flags & KEYSPACE) !== 0)
        pubsub.publish('channel', bytes(`__keyspace@${db}__:${key}`), bytes(event), () => {});
      if ((flags & KEYEVENT) !== 0)
        pubsub.publish('channel', bytes(`__keyevent@${db}__:${event}`), bytes(key), () => {});
    }
  }
}
