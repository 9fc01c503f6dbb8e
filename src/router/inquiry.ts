// A router that may be cut off from ZooKeeper while a group's primary changes asks the members that it knows: one
// after the other, one question at a time. Decides only whom to ask and when; what it hears counts only if it is newer
// (R7), and no command waits for it.
import { addressOf, type GroupConfig } from '../commit/index.js';
import { askConfig, readConfig } from '../net/config-message.js';
import type { Host } from '../net/host.js';
import { Link } from '../net/link.js';
import { ProtocolError, RequestParser } from '../resp/index.js';

/** Pause between two questions, ms. */
const EVERY_MS = 250;
/** How long an answer is waited for, ms. */
const PATIENCE_MS = 1000;

/** What is needed of the router. */
export interface InquiryOwner {
  /** Groups, each with the configuration known last. */
  groups(): readonly { id: string; primary: { id: string } | null; inSync: readonly string[] }[];
  /** A member says that this is the configuration; an older one is ignored. */
  setConfig(group: string, config: GroupConfig): void;
}

/** Questions about one group. */
export class Inquiry {
  private asking: Link | null = null;
  private askedAt = Number.NEGATIVE_INFINITY;
  private turn = 0;

  constructor(
    private readonly host: Host,
    private readonly owner: InquiryOwner,
    private readonly group: string,
  ) {}

  /** Its primary has not answered for a while: asks the next of the other members, unless one was asked just now. */
  ask(): void {
    const now = this.host.now();
    if (now - this.askedAt < (this.asking === null ? EVERY_MS : PATIENCE_MS)) return;
    this.stop();
    const known = this.owner.groups().find(({ id }) => id === this.group);
    const others = known?.inSync.filter((member) => member !== known.primary?.id) ?? [];
    if (others.length === 0) return;
    const address = addressOf(others[this.turn++ % others.length]!);
    this.askedAt = now;
    const parser = new RequestParser();
    const link: Link = new Link(
      this.host,
      {
        address: () => address,
        hello: () => askConfig(this.group),
        data: (chunk) => {
          parser.feed(chunk);
          if (!parser.next()) return;
          const { request } = parser;
          link.drop();
          if (!request.is(0, 'towline.config') || request.argc !== 3 || request.text(1) !== this.group) {
            throw new ProtocolError('not what was asked for');
          }
          this.owner.setConfig(this.group, readConfig(request.bytes(2).toString('utf8')));
        },
        closed: () => {
          if (this.asking === link) this.asking = null;
        },
      },
      null,
    );
    this.asking = link;
  }

  stop(): void {
    this.asking?.stop();
    this.asking = null;
  }
}
