// Which command stands behind each reply that a client awaits: INFO's failed_calls. A ring as long as what is unanswered;
// decides nothing.
import type { Statistics } from './local/index.js';
import type { ReplyOrder } from './order.js';

const LEAST = 16;
/** Bytes of an error that are looked at: its first word is in them. */
const LOOKED_AT = 33;

/** Rows of the unanswered commands of one client. */
export class Running {
  private ring = new Int16Array(LEAST);

  constructor(
    private readonly statistics: Statistics,
    private readonly order: ReplyOrder,
  ) {}

  /** Command `seq`, the newest one, begins. @param index of its row, below 32768; -1: it is not executed, or not yet */
  begin(seq: number, index: number): void {
    if (this.order.waiting > this.ring.length) this.grow(seq);
    this.ring[seq & (this.ring.length - 1)] = index;
  }

  /** The reply to command `seq`, bytes [start, end) of `buffer`, is an error: it is counted. */
  failed(seq: number, buffer: Buffer, start: number, end: number): void {
    const index = this.ring[seq & (this.ring.length - 1)]!;
    this.statistics.error(buffer.latin1Slice(start + 1, Math.min(end, start + 1 + LOOKED_AT)), index);
  }

  private grow(seq: number): void {
    const old = this.ring;
    const ring = new Int16Array(2 * old.length);
    for (let each = Math.max(0, seq - old.length); each < seq; each++)
      ring[each & (ring.length - 1)] = old[each & (old.length - 1)]!;
    this.ring = ring;
  }
}
