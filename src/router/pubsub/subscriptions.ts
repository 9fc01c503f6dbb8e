// Who of this router's clients is subscribed to what, and the delivery of a message to them: a message is encoded once
// for each protocol, however many receive it. Knows no other router; must never hold more than its bounds.
import { globMatch } from '../../command/index.js';
import { encodeCommand, type Proto } from '../../resp/index.js';
import type { ChannelKind, ClientState, Kind } from '../local/index.js';

/** Bounds: subscriptions of one client, of all, and bytes of names that have a subscriber. */
export interface SubscriptionLimits {
  client: number;
  all: number;
  bytes: number;
}

const LIMITS: SubscriptionLimits = { client: 100_000, all: 1_000_000, bytes: 32 * 1024 * 1024 };
/** `>`, where RESP2 has `*`. */
const PUSH = 62;
/** What a name costs beside its bytes. */
const OVERHEAD = 64;

/** Names are told apart by kind. */
export type ByKind<T> = Readonly<Record<Kind, T>>;

/** One of something for each kind. */
export function byKind<T>(make: () => T): ByKind<T> {
  return { channel: make(), pattern: make(), shard: make() };
}

/** A message in the form that subscribers of one name receive; RESP2 and RESP3 differ in the first byte only. */
class Encoded {
  private readonly forms: (Buffer | null)[] = [null, null];
  constructor(private readonly parts: readonly (string | Buffer)[]) {}

  in(proto: Proto): Buffer {
    return (this.forms[proto - 2] ??= this.make(proto));
  }
  private make(proto: Proto): Buffer {
    const bytes = encodeCommand(this.parts);
    if (proto === 3) bytes[0] = PUSH;
    return bytes;
  }
}

/** The subscriptions of one router's clients. */
export class Subscriptions {
  /** Subscribers by name. */
  private readonly to = byKind(() => new Map<string, Set<ClientState>>());
  /** Names by subscriber. */
  private readonly has = new Map<ClientState, ByKind<Set<string>>>();
  private readonly limits: SubscriptionLimits;
  private all = 0;
  private bytes = 0;

  constructor(limits: Partial<SubscriptionLimits> = {}) {
    this.limits = { ...LIMITS, ...limits };
  }

  /** Why so many more subscriptions are too many; null: they are not. */
  refusal(client: ClientState, names: readonly string[]): string | null {
    const { limits } = this;
    const own = client.sub + client.psub + client.ssub;
    if (own + names.length > limits.client) return `ERR a client may have ${limits.client} subscriptions`;
    if (this.all + names.length > limits.all) return `ERR this router has ${this.all} subscriptions`;
    let bytes = 0;
    for (const name of names) bytes += name.length + OVERHEAD;
    if (this.bytes + bytes > limits.bytes) return 'ERR too many names are subscribed to at this router';
    return null;
  }

  /** @returns whether the name had no subscriber before */
  add(client: ClientState, kind: Kind, name: string): boolean {
    let own = this.has.get(client);
    if (own === undefined) this.has.set(client, (own = byKind(() => new Set<string>())));
    if (own[kind].has(name)) return false;
    own[kind].add(name);
    this.all++;
    count(client, own);
    const subscribers = this.to[kind].get(name);
    if (subscribers !== undefined) {
      subscribers.add(client);
      return false;
    }
    this.to[kind].set(name, new Set([client]));
    this.bytes += name.length + OVERHEAD;
    return true;
  }

  /** @returns whether that was the name's last subscriber */
  remove(client: ClientState, kind: Kind, name: string): boolean {
    const own = this.has.get(client);
    if (own === undefined || !own[kind].delete(name)) return false;
    this.all--;
    count(client, own);
    if (own.channel.size + own.pattern.size + own.shard.size === 0) this.has.delete(client);
    const subscribers = this.to[kind].get(name)!;
    subscribers.delete(client);
    if (subscribers.size > 0) return false;
    this.to[kind].delete(name);
    this.bytes -= name.length + OVERHEAD;
    return true;
  }

  of(client: ClientState, kind: Kind): string[] {
    return [...(this.has.get(client)?.[kind] ?? [])];
  }
  names(kind: Kind): IterableIterator<string> {
    return this.to[kind].keys();
  }
  any(kind: Kind, name: string): boolean {
    return this.to[kind].has(name);
  }
  size(kind: Kind): number {
    return this.to[kind].size;
  }
  subscribers(kind: ChannelKind, name: string): number {
    return this.to[kind].get(name)?.size ?? 0;
  }

  /**
   * Delivers a message: first to who subscribed to the channel, then by pattern, as Redis does.
   * @returns how often it was delivered; a client may receive it more than once
   */
  deliver(kind: ChannelKind, channel: Buffer, message: Buffer): number {
    const name = channel.latin1Slice(0, channel.length);
    let receivers = 0;
    const to = (subscribers: ReadonlySet<ClientState>, encoded: Encoded) => {
      for (const client of subscribers) client.push(encoded.in(client.proto));
      receivers += subscribers.size;
    };
    const direct = this.to[kind].get(name);
    const verb = kind === 'channel' ? 'message' : 'smessage';
    if (direct !== undefined) to(direct, new Encoded([verb, channel, message]));
    if (kind === 'shard') return receivers;
    for (const [pattern, subscribers] of this.to.pattern) {
      if (globMatch(pattern, name)) to(subscribers, new Encoded(['pmessage', pattern, channel, message]));
    }
    return receivers;
  }
}

function count(client: ClientState, own: ByKind<Set<string>>): void {
  client.sub = own.channel.size;
  client.psub = own.pattern.size;
  client.ssub = own.shard.size;
}
