// One connection: two ends, each with the pieces on their way to it. Bytes keep their order; how they are cut and
// joined is chance. `closed` comes once, last, and never from within a call of the owner's.
import type { Conn, ConnHandler } from '../../src/net/host.js';
import type { SimHost } from './host.js';
import type { Network } from './network.js';
import { hashBytes, Violation } from './world.js';

/** A piece on its way, or (null) the end of the stream. */
interface Piece {
  at: number;
  bytes: Uint8Array | null;
  hash: number;
}

export interface Link {
  readonly id: number;
  readonly client: End;
  readonly server: End;
}

export class End implements Conn {
  handler: ConnHandler | null = null;
  peer!: End;
  link!: Link;
  /** Its owner closed it, or its process has stopped: it hears nothing more. */
  gone = false;
  /** `closed` was called, or nobody is there to be told. */
  over = false;
  private standing = false;
  private readonly early: Uint8Array[] = [];
  private readonly incoming: Piece[] = [];
  private incomingBytes = 0;
  private lastArrival = 0;
  private severed = false;
  private ended = false;
  private paused = false;
  private choked = false;
  private readonly window: number;

  /** @param host null until the connection is accepted */
  constructor(
    private readonly network: Network,
    public host: SimHost | null,
    readonly local: string,
    readonly remote: string,
    readonly isClient: boolean,
  ) {
    // How much the kernels of both sides take before bytes queue in the process.
    this.window = network.random.pick([64, 1024, 65536]);
  }

  /** As the trace names it. */
  get name(): string {
    return `${this.host?.name ?? '?'}#${this.link.id}`;
  }

  // ---- Conn

  write(bytes: Uint8Array): void {
    if (this.gone || this.ended || bytes.length === 0) return;
    for (const tap of this.network.taps) tap.wrote(this, bytes);
    if (!this.standing) this.early.push(bytes);
    else this.transmit(bytes);
  }
  get queued(): number {
    const early = this.early.reduce((sum, { length }) => sum + length, 0);
    return Math.max(0, this.peer.incomingBytes + early - this.window);
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.pumpAt(this.network.world.time);
  }
  end(): void {
    if (this.gone || this.ended) return;
    this.ended = true;
    if (this.standing) this.finish(false);
  }
  destroy(): void {
    if (this.gone) return;
    this.ended = true;
    this.finish(this.network.random.chance(0.5));
  }

  // ---- the network's side

  /** The connection stands: what was written before leaves now. */
  opened(): void {
    if (this.gone || this.host === null) return;
    this.host.deliver('opened', () => {
      if (this.gone) return;
      this.standing = true;
      for (const bytes of this.early) this.transmit(bytes);
      this.early.length = 0;
      if (this.ended) this.finish(false);
      else {
        if (this.isClient) {
          this.network.world.trace(this.name, 'opened');
          this.handler?.opened?.();
        }
        this.pumpAt(this.network.world.time);
      }
    });
  }

  /** This end is told that the connection is gone, and nothing else before that. */
  lost(): void {
    const { host } = this;
    if (this.over || host === null) return;
    host.deliver('closed', () => {
      if (this.over) return;
      this.gone = true;
      this.over = true;
      this.network.world.trace(this.name, 'closed');
      this.handler?.closed();
      this.network.forget(this.link);
    });
  }

  /**
   * No more bytes will come to this end than a part of those under way; then it learns that the connection is gone.
   * @param whole all of those under way come
   */
  sever(delay: number, whole: boolean): void {
    if (this.severed) return;
    this.severed = true;
    const { world, random } = this.network;
    if (!whole) {
      let keep = random.below(this.incomingBytes + 1);
      for (let i = 0; i < this.incoming.length; i++) {
        const piece = this.incoming[i]!;
        if (piece.bytes === null) break;
        if (keep >= piece.bytes.length) {
          keep -= piece.bytes.length;
          continue;
        }
        piece.bytes = piece.bytes.subarray(0, keep);
        piece.hash = hashBytes(piece.bytes);
        this.incoming.length = i + 1;
        break;
      }
      this.incomingBytes = this.incoming.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
    }
    if (random.chance(this.network.weather.halfOpen)) {
      // Sent again by the kernel after the loss: what is left may arrive later than what a new connection carries.
      const late = random.between(0, 200);
      for (const piece of this.incoming) {
        if (piece.at <= world.time) continue;
        piece.at += late;
        this.lastArrival = Math.max(this.lastArrival, piece.at);
        this.pumpAt(piece.at);
      }
    }
    const clear = this.network.clearAt(this.peer.host, this.host);
    const at = Math.max(this.lastArrival, clear) + delay;
    this.incoming.push({ at, bytes: null, hash: 0 });
    this.pumpAt(at);
  }

  private finish(abrupt: boolean): void {
    const { network } = this;
    this.gone = true;
    this.peer.sever(network.delay(), !abrupt);
    network.world.after(network.delay(), () => this.lost());
  }

  private transmit(bytes: Uint8Array): void {
    const { network, peer } = this;
    if (peer.severed) return;
    const { random, weather } = network;
    const clear = network.clearAt(this.host, peer.host);
    const cuts = random.chance(weather.pieces) ? 1 + random.below(3) : 0;
    let from = 0;
    for (let i = 0; i <= cuts && from < bytes.length; i++) {
      const to =
        i === cuts ? bytes.length : Math.min(bytes.length, from + 1 + random.below(bytes.length - from));
      const piece = bytes.subarray(from, to);
      peer.lastArrival = Math.max(peer.lastArrival, clear + network.delay());
      peer.incoming.push({ at: peer.lastArrival, bytes: piece, hash: hashBytes(piece) });
      peer.incomingBytes += piece.length;
      // Sometimes noticed late, together with what comes next.
      peer.pumpAt(peer.lastArrival + (random.chance(0.3) ? random.between(0, 1) : 0));
      from = to;
    }
    if (this.queued > 0) this.choked = true;
  }

  private pumpAt(at: number): void {
    this.network.world.at(at, () => this.host?.deliver('data', () => this.pump()));
  }

  /** Hands over what has arrived, as one chunk; then, as an event of its own, the end. */
  private pump(): void {
    const { world } = this.network;
    if (this.gone || this.over || this.paused || !this.standing || this.handler === null) return;
    const parts: Uint8Array[] = [];
    let first = this.incoming[0];
    while (first !== undefined && first.at <= world.time && first.bytes !== null) {
      if (hashBytes(first.bytes) !== first.hash)
        throw new Violation(`${this.peer.name} changed bytes after write()`);
      parts.push(first.bytes);
      this.incomingBytes -= first.bytes.length;
      this.incoming.shift();
      first = this.incoming[0];
    }
    const chunk = Buffer.concat(parts);
    if (chunk.length > 0) {
      world.trace(this.name, `data ${chunk.length}`, hashBytes(chunk));
      for (const tap of this.network.taps) tap.delivered(this, chunk);
      if (this.peer.choked && this.peer.queued === 0) {
        this.peer.choked = false;
        this.peer.drained();
      }
      if (first !== undefined && first.at <= world.time) this.pumpAt(world.time);
      this.handler.data(chunk);
    } else if (first !== undefined && first.at <= world.time) this.lost();
  }

  private drained(): void {
    this.network.world.after(this.network.delay(), () =>
      this.host?.deliver('drained', () => {
        if (!this.gone) this.handler?.drained?.();
      }),
    );
  }
}

/** Both ends of a new connection; the server's has no host until it is accepted. */
export function makeLink(network: Network, id: number, from: SimHost, local: string, remote: string): Link {
  const client = new End(network, from, local, remote, true);
  const server = new End(network, null, remote, local, false);
  const link: Link = { id, client, server };
  client.peer = server;
  server.peer = client;
  client.link = link;
  server.link = link;
  return link;
}
