// Values -> reply bytes, in RESP2 or RESP3. The one place that knows how the two differ.
import { Buffer } from 'node:buffer';
import { ByteWriter } from './bytes.js';
import type { Argument } from './encode.js';

/** Version of the protocol that a client speaks. */
export type Proto = 2 | 3;

/** Collects replies (and, with command(), requests) as bytes. */
export class ReplyWriter extends ByteWriter {
  /** Which form nil, maps, sets, doubles take. */
  proto: Proto = 2;

  /** A status, `+text`. */
  simple(text: string): void {
    this.latin1(`+${text}\r\n`);
  }
  /** `+OK`. */
  ok(): void {
    this.latin1('+OK\r\n');
  }
  /** An error: `text` begins with its code (`ERR`, `WRONGTYPE`, ...). Line ends inside become spaces. */
  error(text: string): void {
    this.latin1(`-${text.replace(/[\r\n]/g, ' ')}\r\n`);
  }
  /** An integer; a bigint or a safe number. */
  integer(value: number | bigint): void {
    this.latin1(`:${value}\r\n`);
  }
  /** A bulk string: latin1 text or bytes. */
  bulk(value: string | Uint8Array): void {
    this.latin1(`$${value.length}\r\n`);
    if (typeof value === 'string') this.latin1(value);
    else this.bytes(value);
    this.latin1('\r\n');
  }
  /** A bulk string given as UTF-8 text (summaries, names in docs). */
  utf8(value: string): void {
    this.bulk(Buffer.from(value, 'utf8'));
  }
  /** No value: `$-1` or `_`. */
  nil(): void {
    this.latin1(this.proto === 2 ? '$-1\r\n' : '_\r\n');
  }
  /** No array: `*-1` or `_`. */
  nilArray(): void {
    this.latin1(this.proto === 2 ? '*-1\r\n' : '_\r\n');
  }
  /** Head of an array of `count` values, which follow. */
  array(count: number): void {
    this.latin1(`*${count}\r\n`);
  }
  /** Head of a map of `count` pairs; RESP2: an array of twice as many. */
  map(count: number): void {
    this.latin1(this.proto === 2 ? `*${count * 2}\r\n` : `%${count}\r\n`);
  }
  /** Head of a set of `count` members; RESP2: an array. */
  set(count: number): void {
    this.latin1(this.proto === 2 ? `*${count}\r\n` : `~${count}\r\n`);
  }
  /** Head of an out-of-band message of `count` values; RESP2: an array. */
  push(count: number): void {
    this.latin1(this.proto === 2 ? `*${count}\r\n` : `>${count}\r\n`);
  }
  /** A double, text already formatted as Redis does; RESP2: a bulk string. */
  double(text: string): void {
    if (this.proto === 2) this.bulk(text);
    else this.latin1(`,${text}\r\n`);
  }
  /** A boolean; RESP2: 1 or 0. */
  boolean(value: boolean): void {
    this.latin1(this.proto === 2 ? `:${value ? 1 : 0}\r\n` : `#${value ? 't' : 'f'}\r\n`);
  }
  /** Human-readable text; RESP3: a verbatim string of format txt. */
  verbatim(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    if (this.proto === 2) this.bulk(bytes);
    else {
      this.latin1(`=${bytes.length + 4}\r\ntxt:`);
      this.bytes(bytes);
      this.latin1('\r\n');
    }
  }
  /** Appends the bytes [from, to) of `source`, which nobody will ever change: they need not be copied (parts.ts). */
  lasting(source: Buffer, from: number, to: number): void {
    this.range(source, from, to);
  }
  /** A request: a RESP array of bulk strings. */
  command(args: readonly Argument[]): void {
    this.array(args.length);
    for (const arg of args) this.bulk(typeof arg === 'string' || Buffer.isBuffer(arg) ? arg : String(arg));
  }
}
