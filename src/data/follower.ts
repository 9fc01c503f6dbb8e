// The primary's connection to one backup: sends the log in order over one connection, takes cumulative
// acknowledgements, and begins again when the connection is lost. Must never skip an entry.
import type { GroupLog } from '../commit/index.js';
import type { Address, Host } from '../net/host.js';
import { Link } from '../net/link.js';
import { writeParts } from '../net/write-parts.js';
import { encodeCommand, ProtocolError, RequestParser } from '../resp/index.js';
import { numberOf } from './vet.js';

const PAUSES = { first: 2, last: 20 };
/** How long the commit index waits for an entry to carry it, ms. Only how soon a backup applies depends on it. */
const COMMIT_MS = 5;

/** What the primary gives to a follower link. */
export interface FollowerOwner {
  readonly log: GroupLog;
  readonly group: string;
  readonly id: string;
  readonly term: number;
  readonly epoch: number;
  /** Where the member listens; null while it is not known. */
  address(member: string): Address | null;
  /** The group's clock, ms. */
  now(): number;
  /** The commit index moved. */
  advanced(): void;
  /** A newer term exists: this primary must stop (R7). */
  deposed(): void;
  /** A connection that carried the log has closed. */
  lost(member: string): void;
}

/** Replication lane to one backup. */
export class FollowerLink {
  private readonly link: Link;
  private parser = new RequestParser();
  private streaming = false;
  /** Whether it has ever answered in this term. */
  everLive = false;
  private cancelCommit: (() => void) | null = null;
  /** Commit index that this backup was last told. */
  private told = -1;

  constructor(
    private readonly host: Host,
    private readonly owner: FollowerOwner,
    readonly member: string,
  ) {
    this.link = new Link(
      host,
      {
        address: () => owner.address(member),
        hello: () => {
          this.parser = new RequestParser();
          const { group, term, epoch, id, log } = owner;
          return encodeCommand(['TOWLINE.REPLICATE', group, term, epoch, id, log.head, member]);
        },
        data: (chunk) => this.data(chunk),
        closed: () => {
          const was = this.streaming;
          this.streaming = false;
          if (was) owner.lost(member);
        },
      },
      PAUSES,
    );
  }

  /** Whether the backup is connected and gets the log as it grows. */
  get live(): boolean {
    return this.streaming;
  }

  /** End of the turn: what is new, and `others`, leaves in one write. */
  flush(others: Buffer[]): void {
    if (!this.streaming) return;
    const { log, term } = this.owner;
    const entries = log.unsent(this.member);
    // Entries carry the commit index, so under load it costs nothing; alone it is said after a short while.
    const newest = entries.at(-1);
    if (newest !== undefined) this.told = newest.commit;
    if (log.committed > this.told && this.cancelCommit === null) {
      this.cancelCommit = this.host.after(COMMIT_MS, () => {
        this.cancelCommit = null;
        if (!this.streaming || log.committed <= this.told) return;
        this.told = log.committed;
        this.link.write(encodeCommand(['TOWLINE.COMMIT', term, log.committed, this.owner.now()]));
      });
    }
    if (entries.length === 0 && others.length === 0) return;
    const parts = others.slice();
    for (const entry of entries) for (const part of entry.parts) parts.push(part);
    writeParts(parts, (bytes) => this.link.write(bytes));
  }

  stop(): void {
    this.streaming = false;
    this.cancelCommit?.();
    this.link.stop();
  }

  private data(chunk: Buffer): void {
    const { parser } = this;
    parser.feed(chunk);
    while (parser === this.parser && parser.next()) this.message();
  }

  private message(): void {
    const { request } = this.parser;
    const { owner } = this;
    const name = request.text(0);
    const term = numberOf(request, 1);
    const seq = numberOf(request, 2);
    if (name === 'TOWLINE.REFUSED') {
      if (term > owner.term) owner.deposed();
      this.link.drop();
      return;
    }
    if (name !== 'TOWLINE.HELD' || term !== owner.term || seq > owner.log.head) {
      throw new ProtocolError('unexpected message from a backup');
    }
    if (!this.streaming && seq < owner.log.heldBy(this.member)) {
      // It has lost what it acknowledged: it is as good as dead (R4).
      this.link.drop();
      owner.lost(this.member);
      return;
    }
    if (!this.streaming) {
      owner.log.rewind(this.member, seq);
      this.streaming = true;
      this.everLive = true;
      this.told = -1;
    }
    if (seq > owner.log.sentTo(this.member)) throw new ProtocolError('a backup holds what it was not sent');
    owner.log.acknowledge(this.member, seq);
    owner.advanced();
  }
}
