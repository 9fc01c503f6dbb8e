// Publish and subscribe at one router: its own clients' subscriptions, what other routers have subscribers for, and
// what it tells them. A message goes to its subscribers here at once, and to each router that has some; a subscription
// is confirmed when all routers that can be reached know of it. Must never send a message twice, nor pass on one that
// came from another router.
import type { Host } from '../../net/host.js';
import { encodeCommand, type ReplyWriter, type Request } from '../../resp/index.js';
import type {
  ChannelKind,
  ClientState,
  Clients,
  Kind,
  PubSubDesk,
  RouterSummary,
  Settings,
} from '../local/index.js';
import { Interest } from './interest.js';
import { Peers } from './peers.js';
import { SharedEvents } from './shared-events.js';
import { type SubscriptionLimits, Subscriptions } from './subscriptions.js';

/** What this needs of its router. */
export interface PubSubOwner {
  readonly config: { readonly id: string; readonly host?: string; readonly port: number };
  readonly settings: Settings;
  readonly clients: Clients;
}

/** What becomes of a client's SUBSCRIBE when the connection has ended. */
interface Owner {
  gone: boolean;
}

/** Publish and subscribe. */
export class PubSub implements PubSubDesk {
  private readonly subscriptions: Subscriptions;
  private readonly interest: Interest;
  private readonly others: Peers;
  private readonly shared = new SharedEvents();
  /** Who may hear keyspace events, or which are told, has changed. */
  keyEventsChanged: () => void = () => {};
  private readonly owners = new Map<ClientState, Owner>();

  constructor(
    private readonly host: Host,
    private readonly owner: PubSubOwner,
    limits: Partial<SubscriptionLimits> = {},
  ) {
    this.subscriptions = new Subscriptions(limits);
    this.interest = new Interest((message) => this.others.tell(message));
    const { id, host: address = '127.0.0.1', port } = owner.config;
    this.others = new Peers(host, {
      id,
      host: address,
      port,
      password: () => owner.settings.values.requirepass,
      interest: () => {
        const events = this.shared.message();
        return events === null ? this.interest.whole() : [events, ...this.interest.whole()];
      },
      events: (flags, stamp, by) => this.heardEvents(flags, stamp, by),
    });
    const changed = () => this.keyEventsChanged();
    this.interest.keyNames.changed = changed;
    this.others.names.keyNames.changed = changed;
  }

  // ---- what clients ask

  subscribe(
    client: ClientState,
    kind: Kind,
    names: readonly string[],
    each: (name: string) => void,
    subscribed: () => void,
  ): string | null {
    const { subscriptions, interest } = this;
    const wrong = subscriptions.refusal(client, names);
    if (wrong !== null) return wrong;
    const owner = this.ownerOf(client);
    const version = interest.hold(kind, names);
    this.others.whenHeard(version, () => {
      for (const name of names) {
        if (!owner.gone) {
          subscriptions.add(client, kind, name);
          each(name);
        }
        interest.settle(kind, name, subscriptions.any(kind, name));
      }
      if (!owner.gone) subscribed();
    });
    return null;
  }

  unsubscribe(client: ClientState, kind: Kind, name: string): void {
    if (this.subscriptions.remove(client, kind, name)) this.interest.drop(kind, name);
  }

  private ownerOf(client: ClientState): Owner {
    let owner = this.owners.get(client);
    if (owner === undefined) {
      const made: Owner = { gone: false };
      owner = made;
      this.owners.set(client, made);
      client.unsubscribe = () => {
        made.gone = true;
        client.unsubscribe = () => {};
        this.owners.delete(client);
        for (const kind of ['channel', 'pattern', 'shard'] as const) {
          for (const name of this.of(client, kind)) this.unsubscribe(client, kind, name);
        }
      };
    }
    return owner;
  }

  of(client: ClientState, kind: Kind): string[] {
    return this.subscriptions.of(client, kind);
  }

  publish(kind: ChannelKind, channel: Buffer, message: Buffer, done: (receivers: number) => void): void {
    const { others } = this;
    let receivers = this.subscriptions.deliver(kind, channel, message);
    if (!others.any) return done(receivers);
    const name = channel.latin1Slice(0, channel.length);
    const links = [...others.recipients(kind, name)];
    if (links.length === 0) return done(receivers);
    const bytes = encodeCommand(['TOWLINE.PEER', 'PUBLISH', kind, channel, message]);
    let waiting = links.length;
    for (const link of links) {
      link.ask(bytes, { kind, name }, (reply) => {
        if (reply !== null) receivers += Number(reply.text(1));
        if (--waiting === 0) done(receivers);
      });
    }
  }

  *names(kind: Kind): Iterable<string> {
    yield* this.subscriptions.names(kind);
    for (const name of this.others.names.names(kind)) if (!this.subscriptions.any(kind, name)) yield name;
  }
  count(kind: Kind): number {
    let count = this.subscriptions.size(kind);
    for (const name of this.others.names.names(kind)) if (!this.subscriptions.any(kind, name)) count++;
    return count;
  }

  subscribers(kind: ChannelKind, names: readonly string[], done: (counts: number[]) => void): void {
    const counts = names.map((name) => this.subscriptions.subscribers(kind, name));
    const links = new Set(names.flatMap((name) => [...this.others.names.having(kind, name)]));
    let waiting = links.size;
    if (waiting === 0) return done(counts);
    const bytes = encodeCommand(['TOWLINE.PEER', 'NUMSUB', kind, ...names]);
    for (const link of links) {
      link.ask(bytes, null, (reply) => {
        if (reply !== null) for (let i = 0; i < counts.length; i++) counts[i]! += Number(reply.text(i + 1));
        if (--waiting === 0) done(counts);
      });
    }
  }

  // ---- keyspace events

  get keyEventNames(): number {
    return this.interest.keyNames.count + this.others.names.keyNames.count;
  }

  shareEvents(flags: number, done: () => void): void {
    const message = this.shared.set(flags, this.host.wall(), this.owner.config.id);
    this.keyEventsChanged();
    this.others.whenHeard(this.interest.tell(message), done);
  }

  /** What is newer is taken, and passed on: whoever set it may not have reached everybody. */
  private heardEvents(flags: number, stamp: number, by: string): void {
    if (!this.shared.heard(flags, stamp, by)) return;
    this.owner.settings.values.keyEvents = flags;
    this.keyEventsChanged();
    this.interest.tell(this.shared.message()!);
  }

  peers(): { up: number; away: number; lost: number; bytes: number } {
    return this.others.summary();
  }

  // ---- what the router tells

  /** The routers that are registered, this one included. */
  setRouters(routers: readonly RouterSummary[]): void {
    this.others.list(routers);
  }
  /** Called now and then. */
  tick(now: number): void {
    this.others.tick(now);
  }
  stop(): void {
    this.others.stop();
  }

  // ---- what other routers ask

  /** `TOWLINE.PEER ...` from a connection of another router. */
  heard(request: Request, client: ClientState, reply: ReplyWriter): void {
    const { argc } = request;
    if (request.argc === 6 && request.is(1, 'hello')) return this.hello(request, client, reply);
    if (!client.peer) return reply.error('ERR TOWLINE.PEER is for routers, which say HELLO first');
    if (argc === 3 && request.is(1, 'ack')) return this.others.acknowledged(client, Number(request.text(2)));
    if (argc === 2 && request.is(1, 'ping')) return reply.command(['r']);
    const kind =
      argc < 3 ? null : request.is(2, 'channel') ? 'channel' : request.is(2, 'shard') ? 'shard' : null;
    if (kind !== null && argc === 5 && request.is(1, 'publish')) {
      return reply.command(['r', this.subscriptions.deliver(kind, request.bytes(3), request.bytes(4))]);
    }
    if (kind !== null && request.is(1, 'numsub')) {
      const counts: number[] = [];
      for (let i = 3; i < argc; i++) counts.push(this.subscriptions.subscribers(kind, request.text(i)));
      return reply.command(['r', ...counts]);
    }
    reply.error('ERR unknown TOWLINE.PEER message');
  }

  /** TOWLINE.PEER HELLO meant from host port */
  private hello(request: Request, client: ClientState, reply: ReplyWriter): void {
    const [, , meant, from, host, port] = request.texts() as [string, string, string, string, string, string];
    const { clients, config } = this.owner;
    const { id } = config;
    // A router that was restarted on the same port is another one.
    if (meant !== id || from === id) return reply.error(`ERR this is ${id}`);
    const told = this.others.welcome(client, from, { host, port: Number(port) });
    if (told === null) return reply.error(`ERR ${id} is stopping`);
    // It is no client: not counted, not listed, not closed for being idle.
    clients.remove(client);
    client.peer = true;
    client.unsubscribe = () => this.others.ended(client);
    for (const message of told) reply.bytes(message);
  }
}
