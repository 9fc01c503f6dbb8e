// The primary's beacons to one backup, on a connection of their own, so that no large entry delays them (R6).
import type { Lease } from '../commit/index.js';
import type { Address, Conn, Host } from '../net/host.js';
import { encodeCommand, ProtocolError, RequestParser } from '../resp/index.js';
import { numberOf } from './vet.js';

/** Pause before a member that refused, or whose connection was lost, is connected again, ms. */
const RETRY_MS = 20;

/** What a beacon says. */
export interface BeaconOwner {
  readonly group: string;
  readonly id: string;
  readonly term: number;
  readonly epoch: number;
  readonly lease: Lease;
  address(member: string): Address | null;
  now(): number;
  /** The member granted a lease. */
  granted(): void;
  /** A newer term exists (R7). */
  deposed(): void;
}

/** Beacons to one member. */
export class BeaconLink {
  private conn: Conn | null = null;
  private opened = false;
  private stopped = false;
  private number = 0;
  private cancel: () => void = () => {};
  /** When the member was heard last, monotonic ms. */
  heardAt: number;

  constructor(
    private readonly host: Host,
    private readonly owner: BeaconOwner,
    readonly member: string,
    private readonly everyMs: number,
  ) {
    this.heardAt = host.now();
    this.beat();
  }

  stop(): void {
    this.stopped = true;
    this.cancel();
    this.conn?.destroy();
  }

  private beat(): void {
    if (this.stopped) return;
    if (this.conn === null) this.open();
    else if (this.opened) this.send();
    this.beatIn(this.everyMs);
  }

  private beatIn(ms: number): void {
    this.cancel();
    if (!this.stopped) this.cancel = this.host.after(ms, () => this.beat());
  }

  private send(): void {
    const { host, owner, member } = this;
    this.number++;
    owner.lease.sent(member, this.number, { mono: host.now(), wall: host.wall() });
    this.conn?.write(encodeCommand(['TOWLINE.BEACON', owner.term, owner.epoch, this.number, owner.now()]));
  }

  private open(): void {
    const { host, owner } = this;
    const address = owner.address(this.member);
    if (address === null) return;
    const parser = new RequestParser();
    const conn = host.connect(address, {
      opened: () => {
        if (this.conn !== conn) return;
        this.opened = true;
        conn.write(
          encodeCommand(['TOWLINE.BEACONS', owner.group, owner.term, owner.epoch, owner.id, this.member]),
        );
        this.send();
      },
      data: (chunk) => {
        if (this.conn !== conn) return;
        try {
          parser.feed(chunk);
          while (this.conn === conn && parser.next()) {
            const { request } = parser;
            const value = numberOf(request, 1);
            if (request.is(0, 'towline.beat')) {
              this.heardAt = host.now();
              owner.lease.acknowledged(this.member, value);
              owner.granted();
            } else if (request.is(0, 'towline.refused')) {
              conn.destroy();
              if (value > owner.term) owner.deposed();
            } else throw new ProtocolError('unexpected answer to a beacon');
          }
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          conn.destroy();
        }
      },
      closed: () => {
        if (this.conn !== conn) return;
        this.conn = null;
        this.opened = false;
        // Not only with the next beat: a new primary serves nobody before every member has granted it a lease.
        this.beatIn(RETRY_MS);
      },
    });
    this.conn = conn;
  }
}
