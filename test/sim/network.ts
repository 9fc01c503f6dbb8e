// Who listens where, and how the network behaves: delays, refusals, broken connections. The connections themselves
// are in link.ts.
import type { Address, Conn, ConnHandler } from '../../src/net/host.js';
import type { SimHost } from './host.js';
import { End, type Link, makeLink } from './link.js';
import type { Random } from './random.js';
import type { World } from './world.js';

/** The place of a process: its name without the number of its start. */
export const placeName = (host: string): string => host.split('.')[0]!;

/** Longest that an attempt to connect over a wall takes, ms. */
const CONNECT_MS = 1000;

/** Sees what passes over connections; must not change anything. */
export interface Tap {
  /** Bytes that one end wrote, before the network has them. */
  wrote(end: End, bytes: Uint8Array): void;
  /** Bytes about to be handed to this end's owner. */
  delivered(end: End, bytes: Buffer): void;
}

/** How bad things are. */
export interface Weather {
  /** Usual delay of a piece, ms. */
  delay: [number, number];
  /** Share of pieces that take long, and how long, ms. */
  slow: number;
  slowness: [number, number];
  /** Share of connection attempts that fail. */
  refusals: number;
  /** Share of broken connections of which one side learns late, and how late, ms. */
  halfOpen: number;
  halfOpenFor: [number, number];
  /** Share of writes that are cut into pieces. */
  pieces: number;
}

export const CALM: Weather = {
  delay: [0.05, 0.5],
  slow: 0,
  slowness: [0, 0],
  refusals: 0,
  halfOpen: 0,
  halfOpenFor: [0, 0],
  pieces: 0.1,
};

export interface Listener {
  host: SimHost;
  accept(conn: Conn): ConnHandler | null;
}

export class Network {
  weather: Weather = CALM;
  readonly links = new Set<Link>();
  readonly taps: Tap[] = [];
  readonly random: Random;
  private readonly listeners = new Map<string, Listener>();
  /** `from>to`, places -> until when nothing passes in this direction. */
  private readonly walls = new Map<string, number>();
  private ids = 0;
  /** When the last of what waits behind a wall is under way. */
  clearFrom = 0;

  constructor(readonly world: World) {
    this.random = world.random.fork();
  }

  listen(at: Address, listener: Listener): void {
    this.listeners.set(`${at.host}:${at.port}`, listener);
  }

  /** Nothing passes from one place to another for `ms`: what is written meanwhile arrives afterwards. */
  wall(from: string, to: string, ms: number): void {
    const name = `${from}>${to}`;
    this.walls.set(name, Math.max(this.walls.get(name) ?? 0, this.world.time + ms));
    this.clearFrom = Math.max(this.clearFrom, this.world.time + ms);
    this.world.trace('network', `wall ${name} for ${ms.toFixed(0)}`);
  }
  /** No walls any more. (What waits behind one still comes when it was to end.) */
  openAll(): void {
    this.walls.clear();
  }
  /** When what is sent now may begin to travel. */
  clearAt(from: SimHost | null, to: SimHost | null): number {
    const { time } = this.world;
    if (from === null || to === null || this.walls.size === 0) return time;
    return Math.max(time, this.walls.get(`${placeName(from.name)}>${placeName(to.name)}`) ?? 0);
  }

  delay(): number {
    const { delay, slow, slowness } = this.weather;
    const usual = this.random.between(...delay);
    return this.random.chance(slow) ? usual + this.random.between(...slowness) : usual;
  }
  /** How long after a loss an end learns of it. */
  lossDelay(): number {
    const { halfOpen, halfOpenFor } = this.weather;
    return this.delay() + (this.random.chance(halfOpen) ? this.random.between(...halfOpenFor) : 0);
  }

  connect(from: SimHost, to: Address, handler: ConnHandler): Conn {
    const remote = `${to.host}:${to.port}`;
    const id = ++this.ids;
    const link = makeLink(this, id, from, `${from.name}:${40000 + id}`, remote);
    const { client, server } = link;
    client.handler = handler;
    this.links.add(link);
    this.world.after(this.delay(), () => {
      if (client.gone) return;
      const listener = this.listeners.get(remote);
      if (listener === undefined || !listener.host.alive || this.random.chance(this.weather.refusals)) {
        this.world.after(this.lossDelay(), () => client.lost());
        return;
      }
      const clear = Math.max(this.clearAt(from, listener.host), this.clearAt(listener.host, from));
      if (clear > this.world.time) {
        this.world.at(Math.min(clear, this.world.time + CONNECT_MS) + this.delay(), () => client.lost());
        return;
      }
      server.host = listener.host;
      this.world.after(this.delay(), () => client.opened());
      listener.host.deliver('accept', () => {
        const accepted = listener.accept(server);
        server.handler = accepted ?? { data() {}, closed() {} };
        if (accepted === null) server.end();
        server.opened();
      });
    });
    return client;
  }

  /** Breaks a connection: each direction still delivers a part of what is under way; each end learns of it in time. */
  cut(link: Link): void {
    this.world.trace(`#${link.id}`, 'cut');
    for (const end of [link.client, link.server]) end.sever(this.lossDelay(), false);
  }

  /** A process has stopped: the other ends of its connections learn of it. */
  stopped(host: SimHost): void {
    for (const link of [...this.links]) {
      for (const end of [link.client, link.server]) {
        if (end.host !== host) continue;
        end.gone = true;
        end.over = true;
        end.peer.sever(this.lossDelay(), false);
      }
      this.forget(link);
    }
  }

  /** Nothing is to be told about a link any more. */
  forget(link: Link): void {
    if (link.client.over && (link.server.over || link.server.host === null)) this.links.delete(link);
  }
}

export { End, type Link };
