// The primary's connection to one backup: sends the log in order over one connection, takes cumulative
// acknowledgements, and begins again when the connection is lost. Must never skip an entry.
import type { GroupLog } from '../commit/index.js';
import type { Address, Conn, Host } from '../net/host.js';
import { encodeCommand, ProtocolError, RequestParser } from '../resp/index.js';

const RETRY_MS = 50;

/** What the primary gives to a follower link. */
export interface FollowerOwner {
  readonly log: GroupLog;
  readonly group: string;
  readonly id: string;
  readonly term: number;
  readonly epoch: number;
  /** Where the member listens; null while it is not known. */
  address(member: string): Address | null;
  /** The commit index moved. */
  advanced(): void;
  /** A newer term exists: this primary must stop (R7). */
  deposed(): void;
}

/** Replication lane to one backup. */
export class FollowerLink {
  private conn: Conn | null = null;
  private parser = new RequestParser();
  private streaming = false;
  private stopped = false;
  private cancelRetry: (() => void) | null = null;
  /** Commit index that this backup was last told. */
  private told = -1;

  constructor(
    private readonly host: Host,
    private readonly owner: FollowerOwner,
    readonly member: string,
  ) {
    this.open();
  }

  /** Whether the backup is connected and gets the log as it grows. */
  get live(): boolean {
    return this.streaming;
  }

  /** End of the turn: what is new, and `others`, leaves in one write. */
  flush(clock: number, others: Buffer[]): void {
    if (!this.streaming || this.conn === null) return;
    const { log, term } = this.owner;
    const entries = log.unsent(this.member);
    const parts = [...others, ...entries.map(({ bytes }) => bytes)];
    // An entry carries the commit index of when it was written; a newer one is said after it.
    if (log.committed > this.told) {
      parts.push(encodeCommand(['TOWLINE.COMMIT', term, log.committed, clock]));
      this.told = log.committed;
    }
    if (parts.length > 0) this.conn.write(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
  }

  stop(): void {
    this.stopped = true;
    this.cancelRetry?.();
    this.conn?.destroy();
  }

  private open(): void {
    const address = this.owner.address(this.member);
    if (address === null) return this.retry();
    const { host, owner } = this;
    this.parser = new RequestParser();
    const conn = host.connect(address, {
      opened: () => {
        conn.write(encodeCommand(['TOWLINE.REPLICATE', owner.group, owner.term, owner.epoch, owner.id]));
      },
      data: (chunk) => {
        if (this.conn !== conn) return;
        try {
          this.parser.feed(chunk);
          while (this.conn === conn && this.parser.next()) this.message();
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          conn.destroy();
        }
      },
      closed: () => {
        if (this.conn !== conn) return;
        this.conn = null;
        this.streaming = false;
        this.retry();
      },
    });
    this.conn = conn;
  }

  private message(): void {
    const { request } = this.parser;
    const { owner } = this;
    const name = request.text(0);
    const term = Number(request.text(1));
    const seq = Number(request.text(2));
    if (name === 'TOWLINE.REFUSED') {
      if (term > owner.term) owner.deposed();
      this.conn?.destroy();
      return;
    }
    if (name !== 'TOWLINE.HELD' || term !== owner.term || !Number.isSafeInteger(seq)) {
      throw new ProtocolError('unexpected message from a backup');
    }
    if (!this.streaming) {
      owner.log.rewind(this.member, seq);
      this.streaming = true;
      this.told = -1;
    }
    owner.log.acknowledge(this.member, seq);
    owner.advanced();
  }

  private retry(): void {
    if (this.stopped) return;
    this.cancelRetry = this.host.after(RETRY_MS, () => {
      this.cancelRetry = null;
      if (!this.stopped && this.conn === null) this.open();
    });
  }
}
