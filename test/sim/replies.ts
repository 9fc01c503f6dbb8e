// A client's side of the protocol: replies as values, for RESP2 and what RESP3 adds to it. Written apart from
// src/resp, so that a mistake there is not made here too.
import type { RedisOutput } from './linearizability/index.js';

/** Collects bytes and takes whole replies off their front. */
export class ReplyReader {
  private text = '';
  private at = 0;

  feed(chunk: Buffer): void {
    this.text = this.text.slice(this.at) + chunk.toString('latin1');
    this.at = 0;
  }
  /** The next whole reply; undefined: more bytes are needed. @throws Error when it is no reply */
  next(): RedisOutput | undefined {
    const from = this.at;
    const value = this.value();
    if (value === undefined) this.at = from;
    return value;
  }

  private line(): string | undefined {
    const end = this.text.indexOf('\r\n', this.at);
    if (end < 0) return undefined;
    const line = this.text.slice(this.at, end);
    this.at = end + 2;
    return line;
  }

  private value(): RedisOutput | undefined {
    const line = this.line();
    if (line === undefined) return undefined;
    const rest = line.slice(1);
    switch (line[0]) {
      case '+':
        return rest;
      case '-':
        return { error: rest };
      case ':':
        return Number(rest);
      case '_':
        return null;
      case '$':
        return this.bulk(Number(rest));
      case '*':
      case '>':
      case '~':
        return Number(rest) < 0 ? null : this.list(Number(rest));
      case '%':
        return this.list(2 * Number(rest));
      default:
        throw new Error(`not a reply: ${JSON.stringify(this.text.slice(0, 80))}`);
    }
  }

  private bulk(length: number): RedisOutput | undefined {
    if (length < 0) return null;
    if (this.text.length < this.at + length + 2) return undefined;
    const bytes = this.text.slice(this.at, this.at + length);
    if (this.text.slice(this.at + length, this.at + length + 2) !== '\r\n')
      throw new Error('bulk string does not end');
    this.at += length + 2;
    return bytes;
  }

  private list(count: number): RedisOutput | undefined {
    const items: RedisOutput[] = [];
    for (let i = 0; i < count; i++) {
      const item = this.value();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}
