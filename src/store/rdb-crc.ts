// CRC-64 of Jones, as Redis puts it behind its payloads: reflected, begins with 0, not inverted at the end. In two halves
// of 32 bits, since bigints would cost an allocation for each byte.
import { Buffer } from 'node:buffer';

/** The polynomial 0xad93d23594c935a9, mirrored. */
const POLYNOMIAL = 0x95ac9329ac4bc9b5n;

const LOW = new Int32Array(256);
const HIGH = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ POLYNOMIAL : crc >> 1n;
  LOW[byte] = Number(BigInt.asIntN(32, crc));
  HIGH[byte] = Number(BigInt.asIntN(32, crc >> 32n));
}

/** The checksum of bytes [0, end), as the eight bytes that follow a payload: least significant first. */
export function crc64(bytes: Buffer, end = bytes.length): Buffer {
  let low = 0;
  let high = 0;
  for (let i = 0; i < end; i++) {
    const at = (low ^ bytes[i]!) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ LOW[at]!;
    high = (high >>> 8) ^ HIGH[at]!;
  }
  const sum = Buffer.allocUnsafe(8);
  sum.writeInt32LE(low, 0);
  sum.writeInt32LE(high, 4);
  return sum;
}
