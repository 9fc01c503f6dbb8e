// Commands -> bytes, for the paths that build a command rather than pass one on.
import { Buffer } from 'node:buffer';
import { ByteWriter } from './bytes.js';

/** An argument: latin1 text (one character a byte), a number, or bytes. */
export type Argument = string | number | bigint | Buffer;

/** Texts up to this length are written character by character: calling out for them costs more. */
const SHORT = 24;

/** A command as a RESP array of bulk strings. */
export function encodeCommand(args: readonly Argument[]): Buffer {
  const out = Buffer.allocUnsafe(sizeOf(args));
  write(out, 0, args);
  return out;
}

/** Digits of any length. */
const MOST_DIGITS = 16;
/** Room for a few short commands. */
const FEW = 256;

/** Collects commands, one behind the other, once. */
export class CommandWriter extends ByteWriter {
  constructor() {
    super(FEW);
  }
  command(args: readonly Argument[]): void {
    this.room(sizeOf(args));
    this.length = write(this.buffer, this.length, args);
  }
  /** A command of three arguments, of which the last one is `head` and then `body`. */
  threeOf(first: string, second: string, head: Buffer, body: string | Buffer): void {
    const length = head.length + body.length;
    this.room(32 + first.length + second.length + length + 3 * MOST_DIGITS);
    const { buffer } = this;
    let at = argument(buffer, argument(buffer, line(buffer, this.length, 42, 3), first), second);
    at = line(buffer, at, 36, length);
    for (let i = 0; i < head.length; i++) buffer[at++] = head[i]!;
    at += typeof body === 'string' ? buffer.latin1Write(body, at) : body.copy(buffer, at);
    this.length = end(buffer, at);
  }
  /** What was collected; nothing may be added any more. */
  end(): Buffer {
    return this.view();
  }
}

function sizeOf(args: readonly Argument[]): number {
  let size = 3 + digits(args.length);
  for (const arg of args) {
    const length = lengthOf(arg);
    size += 5 + digits(length) + length;
  }
  return size;
}

/** Whether it is a number that is written without a text being made of it. */
const plain = (arg: Argument): arg is number => Number.isSafeInteger(arg) && (arg as number) >= 0;

function lengthOf(arg: Argument): number {
  if (typeof arg === 'object' || typeof arg === 'string') return arg.length;
  return plain(arg) ? digits(arg) : String(arg).length;
}

/** Writes where there is room for it. @returns where it ends */
function write(out: Buffer, begin: number, args: readonly Argument[]): number {
  let at = line(out, begin, 42, args.length);
  for (const arg of args) at = argument(out, at, arg);
  return at;
}

/** Writes one argument. @returns where it ends */
function argument(out: Buffer, begin: number, arg: Argument): number {
  let at = begin;
  if (typeof arg === 'object') {
    at = line(out, at, 36, arg.length);
    at += arg.copy(out, at);
  } else if (plain(arg)) {
    const length = digits(arg);
    at = decimals(out, line(out, at, 36, length), arg, length);
  } else {
    const text = typeof arg === 'string' ? arg : String(arg);
    at = line(out, at, 36, text.length);
    if (text.length <= SHORT) for (let i = 0; i < text.length; i++) out[at++] = text.charCodeAt(i);
    else at += out.latin1Write(text, at);
  }
  return end(out, at);
}

/** Writes a line's end. @returns where it ends */
function end(out: Buffer, at: number): number {
  out[at] = 13;
  out[at + 1] = 10;
  return at + 2;
}

/** Decimal digits of a length. */
function digits(length: number): number {
  let count = 1;
  for (let rest = length; rest >= 10; rest = Math.floor(rest / 10)) count++;
  return count;
}

/** Writes a mark, a length and the line's end. @returns where it ends */
function line(out: Buffer, at: number, mark: number, length: number): number {
  out[at] = mark;
  return end(out, decimals(out, at + 1, length, digits(length)));
}

/** Writes a whole number of so many digits. @returns where it ends */
function decimals(out: Buffer, at: number, value: number, length: number): number {
  let rest = value;
  for (let i = at + length - 1; i >= at; i--) {
    const tenth = Math.floor(rest / 10);
    out[i] = rest - tenth * 10 + 48;
    rest = tenth;
  }
  return at + length;
}
