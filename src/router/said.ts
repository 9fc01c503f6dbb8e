// What a data lane has said and not been answered: found again, or said again over a new connection, in the original
// order (R10). Reads the stream as the primary does: commands with implicit counters, and modifiers in between.
import { Buffer } from 'node:buffer';
import {
  ByteWriter,
  encodeCommand,
  type Proto,
  ProtocolError,
  type Request,
  RequestParser,
} from '../resp/index.js';
import { type RingDocument, ringIn } from '../ring/index.js';

/** What one turn sent, kept until it is answered. */
export interface Batch {
  first: number;
  /** One past its last counter. */
  next: number;
  parts: Buffer[];
  bytes: number;
  sentAt: number;
  /** State of the stream where it begins. */
  mode: Mode;
}

/** Modifiers in force on the stream. */
export interface Mode {
  db: number;
  proto: Proto;
  tag: number;
  ring: number;
}

/** Calls back for each command of a batch, in order; modifiers come with the counter of the command behind them. */
function walk(batch: Batch, each: (request: Request, counter: number, modifier: boolean) => void): void {
  const parser = new RequestParser();
  let counter = batch.first;
  for (const part of batch.parts) {
    parser.feed(part);
    while (parser.next()) {
      const modifier = isModifier(parser.request);
      each(parser.request, counter, modifier);
      if (!modifier) counter++;
    }
  }
}

/** Finds a command among what was sent, and the mode that it was sent in. @throws Error when it is not there */
export function sentAs(batches: readonly Batch[], wanted: number): { request: Request; mode: Mode } {
  const batch = batches.find(({ first, next }) => first <= wanted && wanted < next);
  if (batch === undefined) throw new Error(`command ${wanted} is not under way`);
  const mode = { ...batch.mode };
  let found: Request | null = null;
  walk(batch, (request, counter, modifier) => {
    if (found !== null) return;
    if (!modifier) {
      if (counter === wanted) found = request.clone();
    } else if (request.is(0, 'towline.db')) mode.db = Number(request.text(1));
    else if (request.is(0, 'towline.proto')) mode.proto = request.text(1) === '3' ? 3 : 2;
  });
  if (found === null) throw new Error(`command ${wanted} is not in its batch`);
  return { request: found, mode };
}

/**
 * Everything unanswered again, for a new connection, which begins in mode {0, 2, 0}: modifiers are said from where
 * the first batch began.
 * @param mode mode in force at the end
 */
export function saidAgain(
  batches: readonly Batch[],
  mode: Mode,
  { from, to, unanswered }: { from: number; to: number; unanswered(counter: number): boolean },
): Buffer {
  const out = new ByteWriter();
  for (const words of modeWords(batches[0]?.mode ?? mode)) out.bytes(encodeCommand(words));
  let wanted = from;
  for (const batch of batches) {
    walk(batch, (request, counter, modifier) => {
      if (modifier) {
        if (!request.is(0, 'towline.ack')) out.bytes(request.raw());
      } else if (unanswered(counter)) {
        if (counter !== wanted) out.bytes(encodeCommand(['TOWLINE.AT', counter]));
        out.bytes(request.raw());
        wanted = counter + 1;
      }
    });
  }
  if (wanted !== to) out.bytes(encodeCommand(['TOWLINE.AT', to]));
  return out.take();
}

function modeWords(mode: Mode): (string | number)[][] {
  return [
    ['TOWLINE.DB', mode.db],
    ['TOWLINE.PROTO', mode.proto],
    ['TOWLINE.CLIENT', mode.tag],
    ['TOWLINE.RING', mode.ring],
  ];
}

const MODIFIERS = ['towline.db', 'towline.proto', 'towline.client', 'towline.ring', 'towline.ack'];

function isModifier(request: Request): boolean {
  return MODIFIERS.some((name) => request.is(0, name));
}

/** The ring in a message. @throws ProtocolError when there is none in it */
export function ringOf(text: string): RingDocument {
  const found = ringIn(text);
  if (found === null) throw new ProtocolError('message with a bad ring');
  return found;
}

const AT = Buffer.from('>2\r\n$10\r\nTOWLINE.AT\r\n:', 'latin1');

/** The number in `TOWLINE.AT`, which is said most: between replies that leave in another order. -1: it is another message. */
export function atIn(buffer: Buffer, start: number, end: number): number {
  const from = start + AT.length;
  if (end < from + 3) return -1;
  for (let i = 0; i < AT.length; i++) if (buffer[start + i] !== AT[i]) return -1;
  let value = 0;
  for (let i = from; i < end - 2; i++) {
    const digit = buffer[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** The words of a push message of bulk strings and integers. */
export function pushWords(bytes: Buffer): string[] {
  const lines = bytes.toString('utf8').split('\r\n');
  return lines.slice(1, -1).flatMap((line, i, all) => {
    if (line.startsWith('$') && i + 1 < all.length) return [];
    return [line.startsWith(':') ? line.slice(1) : line];
  });
}
