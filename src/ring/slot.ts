// Which slot does a key belong to? As Redis Cluster defines it: CRC16 (XMODEM) of the hash tag or the key.

/** Number of slots. */
export const SLOTS = 16384;

const TABLE = new Uint16Array(256);
for (let i = 0; i < 256; i++) {
  let crc = i << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  TABLE[i] = crc;
}

/** CRC16-CCITT (XMODEM: polynomial 0x1021, start 0) of bytes [from, to). */
export function crc16(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0;
  for (let i = from; i < to; i++) crc = ((crc << 8) & 0xffff) ^ TABLE[(crc >>> 8) ^ bytes[i]!]!;
  return crc;
}

/** Slot of the key in bytes [from, to): of what stands between its first `{` and the next `}`, if anything does. */
export function slotOfRange(bytes: Uint8Array, from: number, to: number): number {
  for (let open = from; open < to; open++) {
    if (bytes[open] !== 123) continue;
    for (let close = open + 1; close < to; close++) {
      if (bytes[close] !== 125) continue;
      return (close === open + 1 ? crc16(bytes, from, to) : crc16(bytes, open + 1, close)) & (SLOTS - 1);
    }
    break;
  }
  return crc16(bytes, from, to) & (SLOTS - 1);
}

/** Slot of a key given as latin1 text. */
export function slotOfText(key: string): number {
  const open = key.indexOf('{');
  if (open >= 0) {
    const close = key.indexOf('}', open + 1);
    if (close > open + 1) key = key.slice(open + 1, close);
  }
  let crc = 0;
  for (let i = 0; i < key.length; i++) {
    crc = ((crc << 8) & 0xffff) ^ TABLE[(crc >>> 8) ^ (key.charCodeAt(i) & 0xff)]!;
  }
  return crc & (SLOTS - 1);
}
