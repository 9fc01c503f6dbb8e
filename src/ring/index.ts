export { RingTable } from './chains.js';
export {
  abandon,
  addGroup,
  beginAnew,
  type Changed,
  chainsOf,
  HISTORY_FULL,
  MAX_HISTORY,
  removeGroup,
  type Standing,
  setWeight,
  standingOf,
  trim,
} from './change.js';
export { positionOf, slotOfPosition, slotStart } from './position.js';
export {
  EMPTY_RING,
  fenceIn,
  fenceOf,
  isGroupId,
  MAX_SWAPS,
  MAX_WEIGHT,
  ownersOf,
  type RingDocument,
  type RingGroup,
  ringIn,
} from './ring.js';
export { crc16, SLOTS, slotOfRange, slotOfText } from './slot.js';
