// Fields of a transaction's message or log entry (wire.ts), read one after the other. Must never give anything that is not
// what was asked for: malformed ones are ProtocolErrors.
import type { Buffer } from 'node:buffer';
import { ProtocolError, type Request } from '../resp/index.js';
import { fenceIn, SLOTS } from '../ring/index.js';

/** Number of databases, as store/ has them. */
const DATABASES = 16;
/** Most elements of a list in one message. */
const MAX_LIST = 1024 * 1024;

/** Reads the fields of a message one after the other. @throws ProtocolError when one is missing or malformed. */
export class Fields {
  constructor(
    private readonly request: Request,
    private at = 1,
  ) {}
  text(): string {
    return this.request.text(this.next());
  }
  bytes(): Buffer {
    return this.request.bytes(this.next());
  }
  integer(): number {
    const value = this.request.count(this.next());
    if (value < 0) throw new ProtocolError('message with a bad number');
    return value;
  }
  /** Fence of a ring. */
  fence(): number {
    const fence = fenceIn(this.text());
    if (fence === null) throw new ProtocolError('message with a bad fence');
    return fence;
  }
  /** Number of a database. */
  database(most = DATABASES - 1): number {
    const db = this.integer();
    if (db > most) throw new ProtocolError('message with a bad database');
    return db;
  }
  /** Slots, each two bytes. */
  slots(): number[] {
    const bytes = this.bytes();
    if (bytes.length % 2 === 1 || bytes.length > 2 * SLOTS)
      throw new ProtocolError('message with a bad list of slots');
    const slots: number[] = [];
    for (let at = 0; at < bytes.length; at += 2) slots.push((bytes[at]! << 8) | bytes[at + 1]!);
    if (slots.some((slot) => slot >= SLOTS)) throw new ProtocolError('message with a bad slot');
    return slots;
  }
  flag(): boolean {
    return this.request.is(this.next(), '1');
  }
  list<T>(item: () => T): T[] {
    const items: T[] = [];
    for (let count = this.length(); count > 0; count--) items.push(item());
    return items;
  }
  /** Number of elements that follow. */
  length(): number {
    const count = this.integer();
    if (count > MAX_LIST) throw new ProtocolError('message with a bad list');
    return count;
  }
  private next(): number {
    if (this.at >= this.request.argc) throw new ProtocolError('message with a missing field');
    return this.at++;
  }
}
