// This router's connection to another one: messages go out, the number of their receivers and what the other router
// has subscribers for come back. Decides whether that router counts as reachable; must never send anything twice
// (at most once, in order), and never keep more than its bounds for a router that does not take it.
import type { Address, Host } from '../../net/host.js';
import { Link } from '../../net/link.js';
import { encodeCommand, ProtocolError, type Request, RequestParser } from '../../resp/index.js';
import type { ChannelKind, Kind } from '../local/index.js';
import type { RemoteNames } from './remote-names.js';

const PAUSES = { first: 20, last: 500 };
/** A router that has not answered for so long does not count as reachable, ms; and how often it is asked at least. */
export const SILENCE_MS = 3000;
const PING_MS = 500;
/** Bytes and messages on their way to one router; and what a message costs beside its bytes. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_ASKED = 200_000;
const OVERHEAD = 128;

/**
 * - `opening`: it may have subscribers that are not known here (yet, or again): what is published waits, not for long.
 * - `up`: what it has subscribers for is known.
 * - `away`: it is not there or does not answer: nothing is sent and nobody waits for it.
 */
export type PeerState = 'opening' | 'up' | 'away';

/** What the link needs of its user. */
export interface PeerLinkOwner {
  /** What is said first: the password if there is one, and who and where this router is. */
  hello(to: string): Buffer;
  readonly names: RemoteNames<PeerLink>;
  /** Which keyspace events are told, as that router knows it. */
  events(flags: number, stamp: number, by: string): void;
  /** The state changed. */
  turned(): void;
}

/** Something that was asked, or waits to be. */
interface Asked {
  readonly bytes: Buffer;
  /** For messages: where to. Null: asked whatever it has subscribers for. */
  readonly to: { kind: ChannelKind; name: string } | null;
  /** @param reply null: there will be none */
  readonly answer: (reply: Request | null) => void;
  since: number;
}

/** Link to one other router. */
export class PeerLink {
  state: PeerState = 'opening';
  /** Messages that were given up. */
  lost = 0;
  /** Bytes asked and not answered. */
  bytes = 0;
  private readonly link: Link;
  private parser = new RequestParser();
  /** Sent and not answered, or waiting while `opening`; from `head` on. */
  private asked: Asked[] = [];
  private head = 0;
  private since: number;
  private lastAsked = 0;
  private acknowledge = -1;

  constructor(
    private readonly host: Host,
    private readonly owner: PeerLinkOwner,
    readonly id: string,
    /** Where it is. */
    public address: Address,
  ) {
    this.since = host.now();
    this.link = new Link(
      host,
      {
        address: () => this.address,
        hello: () => {
          this.parser = new RequestParser();
          owner.names.forget(this);
          return owner.hello(id);
        },
        data: (chunk) => this.data(chunk),
        closed: (was) => this.closed(was),
      },
      PAUSES,
    );
  }

  /** Asks, or waits for the link; `answer` is called exactly once, maybe at once. */
  ask(bytes: Buffer, to: Asked['to'], answer: Asked['answer']): void {
    const waits = this.asked.length - this.head;
    const full = waits > 0 && (waits >= MAX_ASKED || this.bytes + bytes.length + OVERHEAD > MAX_BYTES);
    if (full) {
      // It does not keep up: what is on its way is given up with the connection, what follows begins anew.
      this.lose(this.state === 'up' ? 'opening' : 'away');
      this.link.drop();
    }
    if (this.state === 'away') {
      if (to !== null && full) this.lost++;
      return answer(null);
    }
    this.asked.push({ bytes, to, answer, since: this.host.now() });
    this.bytes += bytes.length + OVERHEAD;
    this.lastAsked = this.host.now();
    if (this.state === 'up') this.link.push(bytes);
  }

  /** Called now and then. */
  tick(now: number): void {
    const { state } = this;
    if (state === 'opening' && now - this.since > SILENCE_MS) {
      this.lose('away');
      this.link.drop();
    } else if (state === 'up') {
      const first = this.asked[this.head];
      if (first !== undefined && now - first.since > SILENCE_MS) {
        this.lose('away');
        this.link.drop();
      } else if (now - this.lastAsked > PING_MS) this.ask(PING, null, () => {});
    }
  }

  stop(): void {
    this.link.stop();
    this.lose('away');
  }

  /** Gives up what was asked. */
  private lose(state: PeerState): void {
    const was = this.state;
    const { asked, head } = this;
    this.asked = [];
    this.head = 0;
    this.bytes = 0;
    this.state = state;
    this.since = this.host.now();
    this.owner.names.forget(this);
    for (let i = head; i < asked.length; i++) {
      if (asked[i]!.to !== null) this.lost++;
      asked[i]!.answer(null);
    }
    if (was !== state) this.owner.turned();
  }

  private closed(was: boolean): void {
    // Nobody listens there: no subscriber can be there either. What was up may come back at once.
    if (!was) this.lose('away');
    else if (this.state === 'up') this.lose('opening');
  }

  private data(chunk: Buffer): void {
    const { parser } = this;
    parser.feed(chunk);
    while (parser === this.parser && parser.next()) this.heard(parser.request);
    if (this.acknowledge < 0) return;
    this.link.push(encodeCommand(['TOWLINE.PEER', 'ACK', this.acknowledge]));
    this.acknowledge = -1;
  }

  private heard(request: Request): void {
    const { names } = this.owner;
    if (request.is(0, 'r')) {
      const asked = this.asked[this.head];
      if (this.state !== 'up' || asked === undefined) throw new ProtocolError('an answer to nothing');
      this.took();
      asked.answer(request);
    } else if (request.is(0, 'add')) {
      for (let i = 2; i + 1 < request.argc; i += 2)
        names.add(this, request.text(i) as Kind, request.text(i + 1));
      this.acknowledge = Number(request.text(1));
    } else if (request.is(0, 'del')) names.remove(this, request.text(1) as Kind, request.text(2));
    else if (request.is(0, 'events') && request.argc === 4)
      this.owner.events(Number(request.text(1)), Number(request.text(2)), request.text(3));
    else if (request.is(0, 'known')) this.up();
    else if (!request.text(0).startsWith('+') && !request.is(1, 'auth')) {
      throw new ProtocolError(request.texts().join(' '));
    }
  }

  private took(): void {
    const { asked } = this;
    this.bytes -= asked[this.head]!.bytes.length + OVERHEAD;
    this.head++;
    if (this.head === asked.length) {
      asked.length = 0;
      this.head = 0;
    } else if (this.head >= 1024 && this.head * 2 >= asked.length) {
      asked.splice(0, this.head);
      this.head = 0;
    }
  }

  /** All that it has subscribers for has been told: what waited goes where it has receivers. */
  private up(): void {
    if (this.state === 'up') return;
    const waited = this.asked.splice(0);
    this.head = 0;
    this.bytes = 0;
    this.state = 'up';
    const now = this.host.now();
    const unwanted: Asked[] = [];
    for (const one of waited) {
      const { bytes, to } = one;
      if (to !== null && !this.owner.names.wants(this, to.kind, to.name)) {
        unwanted.push(one);
        continue;
      }
      one.since = now;
      this.asked.push(one);
      this.bytes += bytes.length + OVERHEAD;
      this.link.push(bytes);
    }
    this.owner.turned();
    // Only now: who is answered may ask more, which must come behind.
    for (const { answer } of unwanted) answer(null);
  }
}

const PING = encodeCommand(['TOWLINE.PEER', 'PING']);
