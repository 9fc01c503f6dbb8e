// The router's control lane to one group: transaction messages out, answers back. A lost connection is told to the
// coordinators, which know what to say again.
import type { Answer, Ask } from '../commit/index.js';
import type { Address, Host } from '../net/host.js';
import { Link } from '../net/link.js';
import { decodeAnswer, encodeAsk } from '../net/wire.js';
import { encodeCommand, RequestParser } from '../resp/index.js';

const PAUSES = { first: 2, last: 25 };
/** How long a FORGET waits for something to ride on, ms. */
const LAZY_MS = 10;
/** FORGETs that are said again over a new connection. */
const FORGETS = 2048;

/** What the lane needs of the router. */
export interface ControlOwner {
  /** Incarnation of the coordinator: the first part of its txns' names. */
  readonly coordinator: string;
  primary(group: string): Address | null;
  answered(group: string, answer: Answer): void;
  linkUp(group: string): void;
  linkLost(group: string): void;
  /** Orphans of this coordinator were settled without it: it must take a new name. */
  fenced(): void;
}

/** Control lane to one group. */
export class ControlLane {
  private readonly link: Link;
  private parser = new RequestParser();
  /** The newest FORGETs: nobody confirms one, so a lost connection may have taken it along. Saying it twice is harmless. */
  private forgets: Ask[] = [];
  /** Transactions that read, and that wrote, here: for statistics. */
  reads = 0;
  writes = 0;

  constructor(
    host: Host,
    private readonly owner: ControlOwner,
    readonly group: string,
  ) {
    this.link = new Link(
      host,
      {
        address: () => owner.primary(group),
        hello: () => {
          this.parser = new RequestParser();
          return encodeCommand(['TOWLINE.CONTROL', owner.coordinator]);
        },
        opened: () => {
          for (const ask of this.forgets.splice(0)) this.send(ask);
          owner.linkUp(group);
        },
        data: (chunk) => this.data(chunk),
        closed: (was) => {
          if (was) owner.linkLost(group);
        },
      },
      PAUSES,
    );
  }

  get connected(): boolean {
    return this.link.open;
  }

  /** Sends at the end of this turn; dropped while there is no connection (linkUp says when to say it again). */
  send(ask: Ask): void {
    if (ask.kind === 'forget' && this.forgets.push(ask) >= 2 * FORGETS) this.forgets.splice(0, FORGETS);
    if (!this.link.open) return;
    if (ask.kind === 'lock' && (ask.read !== null || ask.fetch)) this.reads++;
    if (ask.kind === 'prepare') this.writes++;
    // Nobody waits for a FORGET: it rides on what follows it.
    this.link.push(encodeAsk(ask), ask.kind === 'forget' ? LAZY_MS : 0);
  }

  /** The group's primary, or our own name, is another one: connects at once. */
  primaryChanged(): void {
    this.link.again();
  }

  stop(): void {
    this.link.stop();
  }

  private data(chunk: Buffer): void {
    const { parser, owner } = this;
    parser.feed(chunk);
    while (parser === this.parser && parser.next()) {
      if (parser.request.is(0, 'towline.fenced')) owner.fenced();
      else owner.answered(this.group, decodeAnswer(parser.request));
    }
  }
}
