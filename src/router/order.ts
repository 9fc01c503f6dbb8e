// Replies of one client in the order of its commands, whatever order they come in. Knows bytes, not commands.
import { Buffer } from 'node:buffer';

/** Placeholder for a reply that is not written (CLIENT REPLY OFF). */
const MUTED = Buffer.alloc(0);

/** Reply queue of one session: take() a number for each command, put() its reply, drain() what is in order. */
export class ReplyOrder {
  /** Number of the command whose reply is written next, and of the next command. */
  head = 0;
  tail = 0;
  private ready: (Buffer | null)[] = new Array<Buffer | null>(8).fill(null);
  // Ranges in order, not yet written.
  private buffers: Buffer[] = [];
  private from: number[] = [];
  private to: number[] = [];
  private bytes = 0;

  /** Commands without an answer. */
  get waiting(): number {
    return this.tail - this.head;
  }
  /** Bytes in order that have not been taken. */
  get length(): number {
    return this.bytes;
  }

  /** A command arrived: its number. */
  take(): number {
    if (this.tail - this.head >= this.ready.length) this.grow();
    return this.tail++;
  }

  /** The reply to the command taken as `seq` will not be written. Call before its reply comes. */
  mute(seq: number): void {
    this.ready[seq & (this.ready.length - 1)] = MUTED;
  }

  /** The reply to command `seq`. Of two replies to one command the second is dropped. */
  put(seq: number, buffer: Buffer, start: number, end: number): void {
    if (seq < this.head) return;
    const mask = this.ready.length - 1;
    const known = this.ready[seq & mask];
    if (known !== null) {
      // Only a muted command without a reply yet may have something in its place.
      if (known !== MUTED) return;
      buffer = MUTED;
      start = 0;
      end = 0;
    }
    if (seq !== this.head) {
      // An empty range that is not MUTED: it is its reply's turn that it waits for.
      this.ready[seq & mask] = start === end ? Buffer.alloc(0) : buffer.subarray(start, end);
      return;
    }
    this.append(buffer, start, end);
    this.ready[this.head++ & mask] = null;
    for (;;) {
      const next = this.ready[this.head & mask];
      if (next === null || next === undefined || next === MUTED || this.head === this.tail) return;
      this.append(next, 0, next.length);
      this.ready[this.head++ & mask] = null;
    }
  }

  /** A message that is no reply: written behind the replies that are in order, before any other. */
  inject(message: Buffer): void {
    this.append(message, 0, message.length);
  }

  /** Everything in order as one buffer; null: nothing. */
  drain(): Buffer | null {
    const { buffers, from, to, bytes } = this;
    if (buffers.length === 0) return null;
    this.bytes = 0;
    // Most often it is one reply. Arrays are emptied element by element, or made anew: V8 has no fast way to shorten them.
    if (buffers.length === 1) return buffers.pop()!.subarray(from.pop()!, to.pop()!);
    const out = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (let i = 0; i < buffers.length; i++) at += buffers[i]!.copy(out, at, from[i]!, to[i]!);
    this.buffers = [];
    this.from = [];
    this.to = [];
    return out;
  }

  private append(buffer: Buffer, start: number, end: number): void {
    if (start === end) return;
    this.bytes += end - start;
    const last = this.buffers.length - 1;
    // Replies of a pipeline often lie one behind the other in what a data node sent.
    if (last >= 0 && this.buffers[last] === buffer && this.to[last] === start) {
      this.to[last] = end;
      return;
    }
    this.buffers.push(buffer);
    this.from.push(start);
    this.to.push(end);
  }

  private grow(): void {
    const size = this.ready.length * 2;
    const ready = new Array<Buffer | null>(size).fill(null);
    for (let seq = this.head; seq < this.tail; seq++) {
      ready[seq & (size - 1)] = this.ready[seq & (this.ready.length - 1)]!;
    }
    this.ready = ready;
  }
}
