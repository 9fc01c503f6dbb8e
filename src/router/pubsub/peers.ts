// The other routers: a link to each, on which messages go there, and the connection that each has here, on which it is
// told what to send. Decides who must have heard of a subscription before it is confirmed; must never let one router
// that does not answer hold up the others for longer than SILENCE_MS.
import { Buffer } from 'node:buffer';
import type { Address, Host } from '../../net/host.js';
import { encodeCommand } from '../../resp/index.js';
import type { ChannelKind, ClientState, RouterSummary } from '../local/index.js';
import { PeerLink, type PeerLinkOwner, SILENCE_MS } from './peer-link.js';
import { RemoteNames } from './remote-names.js';

/** What is told to a router that does not read, bytes, at which its connection is closed: it then begins anew. */
const MAX_UNREAD = 128 * 1024 * 1024;

/** This router, as others are to know it. */
export interface Self {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Empty: none. */
  password(): string;
  /** Another router knows which keyspace events are told. */
  events(flags: number, stamp: number, by: string): void;
  /** All that it has subscribers for. */
  interest(): Buffer[];
}

/** One other router. */
interface Peer {
  readonly link: PeerLink;
  /** In ZooKeeper. Others are known because they are connected. */
  listed: boolean;
  /** Its connection here. */
  session: ClientState | null;
  /** What it has heard of. */
  acknowledged: number;
  /** It did not acknowledge in time: nobody waits for it until it says hello again. */
  deaf: boolean;
}

interface Wait {
  readonly version: number;
  readonly since: number;
  readonly done: () => void;
}

/** Every other router that is known here. */
export class Peers implements PeerLinkOwner {
  readonly names = new RemoteNames<PeerLink>();
  private readonly peers = new Map<string, Peer>();
  private opening: PeerLink[] = [];
  private waits: Wait[] = [];
  private lostBefore = 0;
  private stopped = false;

  constructor(
    private readonly host: Host,
    private readonly self: Self,
  ) {}

  // ---- who there is

  /** The routers that are registered, this one included. */
  list(routers: readonly RouterSummary[]): void {
    for (const peer of this.peers.values()) peer.listed = false;
    for (const { id, host, port } of routers) {
      if (id === this.self.id) continue;
      const peer = this.peer(id, { host, port });
      if (peer !== null) peer.listed = true;
    }
    this.forgetGone();
  }

  private peer(id: string, address: Address): Peer | null {
    const known = this.peers.get(id);
    if (known !== undefined) {
      known.link.address = address;
      return known;
    }
    if (this.stopped) return null;
    const peer: Peer = {
      listed: false,
      session: null,
      acknowledged: -1,
      deaf: false,
      link: new PeerLink(this.host, this, id, address),
    };
    this.peers.set(id, peer);
    this.turned();
    return peer;
  }

  private forgetGone(): void {
    for (const [id, { listed, session, link }] of this.peers) {
      if (listed || session !== null) continue;
      this.peers.delete(id);
      link.stop();
      this.lostBefore += link.lost;
    }
    this.turned();
  }

  // ---- the connections of others here

  /** A router has connected. @returns what it is to be told first; null: there is no room for it */
  welcome(client: ClientState, id: string, address: Address): Buffer[] | null {
    const peer = this.peer(id, address);
    if (peer === null) return null;
    peer.session?.kill();
    peer.session = client;
    peer.acknowledged = -1;
    peer.deaf = false;
    return this.self.interest();
  }
  acknowledged(client: ClientState, version: number): void {
    for (const peer of this.peers.values()) {
      if (peer.session === client) peer.acknowledged = Math.max(peer.acknowledged, version);
    }
    this.settle();
  }
  ended(client: ClientState): void {
    for (const peer of this.peers.values()) {
      if (peer.session === client) peer.session = null;
    }
    this.forgetGone();
  }
  /** To every router that is connected here. */
  tell(message: Buffer): void {
    for (const { session } of this.peers.values()) {
      if (session === null) continue;
      session.push(message);
      if (session.pendingOutput() > MAX_UNREAD) session.kill();
    }
  }

  // ---- who has heard

  /** Calls `done` when every router that can be reached has heard of this version; maybe at once. */
  whenHeard(version: number, done: () => void): void {
    if (version <= this.heard()) done();
    else this.waits.push({ version, since: this.host.now(), done });
  }

  private heard(): number {
    let heard = Number.POSITIVE_INFINITY;
    for (const { link, deaf, acknowledged } of this.peers.values()) {
      if (link.state !== 'away' && !deaf) heard = Math.min(heard, acknowledged);
    }
    return heard;
  }
  private settle(): void {
    if (this.waits.length === 0) return;
    const heard = this.heard();
    const over = this.waits.filter(({ version }) => version <= heard);
    if (over.length === 0) return;
    this.waits = this.waits.filter(({ version }) => version > heard);
    for (const { done } of over) done();
  }

  // ---- links

  hello(to: string): Buffer {
    const { id, host, port } = this.self;
    const hello = encodeCommand(['TOWLINE.PEER', 'HELLO', to, id, host, port]);
    const password = this.self.password();
    return password === '' ? hello : Buffer.concat([encodeCommand(['AUTH', password]), hello]);
  }
  events(flags: number, stamp: number, by: string): void {
    this.self.events(flags, stamp, by);
  }
  turned(): void {
    this.opening = [...this.peers.values()]
      .map(({ link }) => link)
      .filter(({ state }) => state === 'opening');
    this.settle();
  }
  /** Links on which a message must be sent, or must wait. */
  *recipients(kind: ChannelKind, name: string): Iterable<PeerLink> {
    const wanting = this.names.wanting(kind, name);
    // Of one that is opening not all names are known yet; it may be among both.
    if (wanting !== null) for (const link of wanting) if (link.state === 'up') yield link;
    yield* this.opening;
  }
  /** Whether a message to any channel needs a look at recipients(). */
  get any(): boolean {
    return this.peers.size > 0;
  }

  /** Called now and then. */
  tick(now: number): void {
    for (const { link } of this.peers.values()) link.tick(now);
    const late = this.waits.filter(({ since }) => now - since > SILENCE_MS);
    if (late.length === 0) return;
    const version = late.reduce((least, wait) => Math.max(least, wait.version), 0);
    for (const peer of this.peers.values()) {
      if (peer.link.state === 'away' || peer.deaf || peer.acknowledged >= version) continue;
      // It hears everything when it connects again.
      peer.deaf = true;
      peer.session?.kill();
    }
    this.settle();
  }

  summary(): { up: number; away: number; lost: number; bytes: number } {
    const sum = { up: 0, away: 0, lost: this.lostBefore, bytes: 0 };
    for (const { link } of this.peers.values()) {
      if (link.state === 'up') sum.up++;
      else sum.away++;
      sum.lost += link.lost;
      sum.bytes += link.bytes;
    }
    return sum;
  }

  stop(): void {
    this.stopped = true;
    for (const { link } of this.peers.values()) link.stop();
  }
}
