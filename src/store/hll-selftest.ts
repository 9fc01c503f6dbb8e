// What PFSELFTEST tries: that registers keep what is written to them, that both forms count the same, and that counts
// are as near as 16384 registers promise. About 100 ms of work, the same each time. Touches no key.
import { Buffer } from 'node:buffer';
import { placeOf, REGISTERS } from './hll-hash.js';
import { HyperLogLog } from './hll-value.js';

const ELEMENTS = 100_000;
/** The standard error of 16384 registers; what is beyond four of them is a fault. */
const ERROR = 1.04 / Math.sqrt(REGISTERS);

/** @returns what is wrong; null: nothing */
export function selfTest(): string | null {
  return registersFailed() ?? countsFailed();
}

function registersFailed(): string | null {
  const hll = HyperLogLog.empty();
  hll.toDense();
  // A sequence that visits every register, with values up to the greatest.
  const value = (i: number) => ((i * 7919 + 13) % 51) + 1;
  for (let i = 0; i < REGISTERS; i++) {
    const index = (i * 4099) % REGISTERS;
    hll.raise(index, value(index));
  }
  const all = hll.registers();
  for (let i = 0; i < REGISTERS; i++) {
    if (all[i] !== value(i)) return `Register ${i} should be ${value(i)}, is ${all[i]}`;
  }
  return null;
}

function countsFailed(): string | null {
  const sparse = HyperLogLog.empty();
  const dense = HyperLogLog.empty();
  dense.toDense();
  const element = Buffer.alloc(8);
  let check = 1;
  for (let n = 1; n <= ELEMENTS; n++) {
    element.writeUInt32LE(n, 0);
    element.writeUInt32LE(Math.imul(n, 0x9e3779b1) >>> 0, 4);
    const place = placeOf(element);
    sparse.raise(place >> 6, place & 63);
    dense.raise(place >> 6, place & 63);
    if (n !== check) continue;
    check *= 10;
    const count = Number(dense.count());
    if (Number(sparse.count()) !== count) return `dense/sparse disagree on a cardinality of ${n}`;
    if (Math.abs(count - n) > Math.max(1, Math.ceil(n * ERROR * 4)))
      return `Too big error. card:${n} abserr:${Math.abs(count - n)}`;
  }
  return null;
}
