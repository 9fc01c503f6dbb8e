// What the commands of publish and subscribe ask of the router: who is subscribed here, and what others are told.
// Interfaces and names only; router/pubsub/ is behind them.
import type { ClientState } from './client.js';

/** What one can subscribe to: a channel, a glob pattern of channels, a shard channel (names of their own). */
export type Kind = 'channel' | 'pattern' | 'shard';

/** What one can publish to. */
export type ChannelKind = 'channel' | 'shard';

/** Publish and subscribe over all routers. Names are latin1 text, one character a byte. */
export interface PubSubDesk {
  /**
   * Subscribes when every router that can be reached knows of it. `subscribed` is called once, in this call or later,
   * and not at all when the connection has ended meanwhile; nothing is delivered before it.
   * @param each called for every name, in order, after it was subscribed to
   * @returns why it is refused, as an error reply; null: it is not
   */
  subscribe(
    client: ClientState,
    kind: Kind,
    names: readonly string[],
    each: (name: string) => void,
    subscribed: () => void,
  ): string | null;
  /** Ends a subscription, if there is one. */
  unsubscribe(client: ClientState, kind: Kind, name: string): void;
  /** What a client is subscribed to, in the order in which it asked. */
  of(client: ClientState, kind: Kind): string[];
  /** Delivers here at once and sends to whoever else has subscribers. @param done told the number of receivers */
  publish(kind: ChannelKind, channel: Buffer, message: Buffer, done: (receivers: number) => void): void;
  /** Names with a subscriber at any router, as far as is known here. */
  names(kind: Kind): Iterable<string>;
  /** Number of those. */
  count(kind: Kind): number;
  /** Subscribers of each channel, over all routers. */
  subscribers(kind: ChannelKind, names: readonly string[], done: (counts: number[]) => void): void;
  /** Names, at all routers, of which a subscriber may hear keyspace events. */
  readonly keyEventNames: number;
  /** Makes this the setting of all routers. @param done called when those that can be reached know it */
  shareEvents(flags: number, done: () => void): void;
  /** Other routers that can be published to; those that cannot; messages and bytes on their way to them. */
  peers(): { up: number; away: number; lost: number; bytes: number };
}
