// ABSENT: how a primary says that it does not hold a key that it was asked for as an older group of a chain (R1). An
// explicit mark, never a nil; says too whether that can change under this version of the ring.

/** The key is absent now; it may be so only because its deletion cannot be logged at present. */
export const ABSENT_NOW = 0;
/** The key is absent, and stays so under this version of the ring. */
export const ABSENT_KEY = 1;
/** The same of every key in its slot. */
export const ABSENT_SLOT = 2;

/** Name of the message: `TOWLINE.ABSENT counter mark`. */
export const ABSENT = 'TOWLINE.ABSENT';
