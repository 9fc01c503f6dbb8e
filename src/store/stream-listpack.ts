// A run of a stream that comes from elsewhere: every element, count and ID is checked before it is believed, since what
// is read later is not checked again.
import { Buffer } from 'node:buffer';
import { backLength, element, LISTPACK_END, LISTPACK_HEAD, need } from './listpack.js';
import { bad } from './rdb-reader.js';
import { idOf, msOf, seqOf } from './stream-id.js';
import { DELETED, SAME_FIELDS, StreamNode } from './stream-node.js';

/** Reads elements one after the other. */
class Elements {
  at = LISTPACK_HEAD;
  read = 0;

  constructor(private readonly bytes: Buffer) {}

  next() {
    const { bytes } = this;
    const { value, size } = element(bytes, this.at);
    const length = backLength(size);
    need(bytes, this.at, size + length);
    this.at += size + length;
    for (let i = 1, left = size; i <= length; i++, left = Math.floor(left / 128)) {
      if (bytes[this.at - i] !== ((left & 127) | (i === length ? 0 : 128))) bad();
    }
    this.read++;
    return value;
  }

  integer(): number | bigint {
    const value = this.next();
    return Buffer.isBuffer(value) ? bad() : value;
  }
  /** A number of elements that may follow. */
  count(): number {
    const value = Number(this.integer());
    return value >= 0 && value <= this.bytes.length ? value : bad();
  }
  skip(count: number): void {
    for (let left = count; left > 0; left--) this.next();
  }
}

/**
 * The run whose first ID is `master`; it keeps nothing of `bytes`.
 * @returns null when every entry in it is deleted
 * @throws BadPayload
 */
export function readRun(master: bigint, bytes: Buffer): StreamNode | null {
  need(bytes, 0, LISTPACK_HEAD + 1);
  if (bytes.readUInt32LE(0) !== bytes.length) bad();
  const elements = new Elements(bytes);
  const live = elements.count();
  const deleted = elements.count();
  const body = elements.at;
  const fields = elements.count();
  elements.skip(fields);
  if (elements.integer() !== 0) bad();
  const head = elements.at - body;
  let [lives, last, end] = [0, master, -1n];
  for (let left = live + deleted; left > 0; left--) {
    const flags = Number(elements.integer());
    if (flags < 0 || flags > (DELETED | SAME_FIELDS)) bad();
    const ms = BigInt.asUintN(64, msOf(master) + BigInt(elements.integer()));
    const seq = BigInt.asUintN(64, seqOf(master) + BigInt(elements.integer()));
    const id = idOf(ms, seq);
    if (id <= end || id < master) bad();
    end = id;
    if ((flags & DELETED) === 0) {
      lives++;
      last = id;
    }
    const same = (flags & SAME_FIELDS) !== 0;
    const own = same ? fields : elements.count();
    elements.skip(same ? own : 2 * own);
    if (Number(elements.integer()) !== 3 + (same ? own : 2 * own + 1)) bad();
  }
  const count = bytes.readUInt16LE(4);
  if (elements.at !== bytes.length - 1 || bytes[elements.at] !== LISTPACK_END || lives !== live) bad();
  // 65535: there are so many, or more.
  if (count !== 0xffff && count !== elements.read) bad();
  if (live === 0) return null;
  const facts = { head, fields, elements: elements.read - 2, live, deleted, last, end };
  return StreamNode.of(master, bytes.subarray(body, bytes.length - 1), facts);
}
