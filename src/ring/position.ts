// The order of keys that SCAN walks in: by slot, then by a fixed hash of (database, name), the same in every
// process, so that a cursor means the same to every group and across moves of keys. A position is below 2^53.
// Must never depend on where or when a key was inserted.

/** Positions in one slot. */
const IN_SLOT = 2 ** 39;

/** Position of the first key that could be in `slot`. */
export function slotStart(slot: number): number {
  return slot * IN_SLOT;
}

/** Slot that a position lies in. */
export function slotOfPosition(position: number): number {
  return Math.floor(position / IN_SLOT);
}

/** Position of a key (latin1 text) of `slot` in database `db`. */
export function positionOf(db: number, slot: number, key: string): number {
  let low = 0x9e3779b9 ^ db;
  let high = 0x85ebca6b + db;
  for (let i = 0; i < key.length; i++) {
    const c = key.charCodeAt(i);
    low = Math.imul(low ^ c, 0x01000193);
    high = Math.imul(high ^ c, 0xcc9e2d51);
  }
  low = Math.imul(low ^ (low >>> 15) ^ high, 0x2c1b3c6d);
  high = Math.imul(high ^ (high >>> 13) ^ low, 0x297a2d39);
  low ^= low >>> 16;
  high ^= high >>> 15;
  return slot * IN_SLOT + (high & 0x7f) * 2 ** 32 + (low >>> 0);
}
