// One row for each type of value: its name, what it costs, how it travels. Later types add their row here.
import { STRING, type Value } from './entry.js';
import { heldBytes, keptBytes, ownedBytes, viewOf } from './value.js';

/** What the rest of the store must know about a type. */
export interface ValueType {
  /** As TYPE answers. */
  readonly name: string;
  /** Bytes of memory that a value holds. */
  held(value: Value): number;
  /** A value as bytes that restore() reads; a view that the caller copies. */
  dump(value: Value): Buffer;
  /** The value that dump() wrote; must not keep `bytes`. */
  restore(bytes: Buffer): Value;
  /** As restore(), of bytes that nobody else will use: they may be kept. Absent: restore() serves. */
  adopt?(bytes: Buffer): Value;
  /** A value equal to this one that shares nothing which is ever changed in place. */
  copy(value: Value): Value;
  /** As OBJECT ENCODING answers. */
  encoding(value: Value): string;
}

const TYPES: ValueType[] = [];

TYPES[STRING] = {
  name: 'string',
  held: heldBytes,
  dump: viewOf,
  restore: keptBytes,
  adopt: ownedBytes,
  copy: (value) => (typeof value === 'string' ? value : keptBytes(value)),
  encoding: stringEncoding,
};

/** Whether a type code that came from elsewhere has a row. */
export function knowsType(code: number): boolean {
  return TYPES[code] !== undefined;
}

/** The row of a type code. Throws on an unknown code: a broken assertion. */
export function typeOf(code: number): ValueType {
  const type = TYPES[code];
  if (type === undefined) throw new Error(`no such type of value: ${code}`);
  return type;
}

/** Longest string that Redis embeds in its object. */
const EMBEDDED = 44;
const INTEGER = /^(0|-?[1-9][0-9]{0,18})$/;

function stringEncoding(value: Value): string {
  if (value.length > EMBEDDED || typeof value !== 'string') return 'raw';
  if (!INTEGER.test(value)) return 'embstr';
  const number = BigInt(value);
  return number >= -(2n ** 63n) && number < 2n ** 63n ? 'int' : 'embstr';
}
