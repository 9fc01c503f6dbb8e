// The primary's beacons to one backup, on a connection of their own, so that no large entry delays them (R6).
import type { Lease } from '../commit/index.js';
import type { Address, Host } from '../net/host.js';
import { Link } from '../net/link.js';
import { encodeCommand, ProtocolError, RequestParser } from '../resp/index.js';
import { numberOf } from './vet.js';

/** Not only with the next beat: a new primary serves nobody before every member has granted it a lease. */
const PAUSES = { first: 2, last: 20 };

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
  private readonly link: Link;
  private parser = new RequestParser();
  private number = 0;
  /** Number of the last beacon that was answered; of the one that alive() waits for, and when that was sent. */
  private answered = 0;
  private asked = 0;
  private askedAt = Number.NEGATIVE_INFINITY;
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
    this.link = new Link(
      host,
      {
        address: () => owner.address(member),
        hello: () => {
          this.parser = new RequestParser();
          const { group, term, epoch, id } = owner;
          return encodeCommand(['TOWLINE.BEACONS', group, term, epoch, id, member]);
        },
        opened: () => this.beat(),
        data: (chunk) => this.data(chunk),
        closed: () => this.cancel(),
      },
      PAUSES,
    );
  }

  stop(): void {
    this.cancel();
    this.link.stop();
  }

  private beat(): void {
    this.send();
    this.cancel = this.host.after(this.everyMs, () => this.beat());
  }

  private send(): void {
    const { host, owner, member } = this;
    this.number++;
    owner.lease.sent(member, this.number, { mono: host.now(), wall: host.wall() });
    this.link.write(encodeCommand(['TOWLINE.BEACON', owner.term, owner.epoch, this.number, owner.now()]));
  }

  /**
   * Asks for a sign of life at once, unless it was asked since `since` (monotonic ms).
   * @returns whether there has been one since then
   */
  alive(since: number): boolean {
    if (this.askedAt < since) {
      this.askedAt = this.host.now();
      this.send();
      this.asked = this.number;
    }
    return this.answered >= this.asked;
  }

  private data(chunk: Buffer): void {
    const { host, owner, parser } = this;
    parser.feed(chunk);
    while (parser === this.parser && parser.next()) {
      const { request } = parser;
      const value = numberOf(request, 1);
      if (request.is(0, 'towline.beat')) {
        this.heardAt = host.now();
        this.answered = value;
        owner.lease.acknowledged(this.member, value);
        owner.granted();
      } else if (request.is(0, 'towline.refused')) {
        this.link.drop();
        if (value > owner.term) owner.deposed();
      } else throw new ProtocolError('unexpected answer to a beacon');
    }
  }
}
