// Internal commands that stand among effects. No client may send them to a router.

/** `TOWLINE.DB n`: the effects after it act on database n. */
export const VERB_DB = 'TOWLINE.DB';
/** `TOWLINE.PUT key payload`: the key becomes what exportKey() wrote. */
export const VERB_PUT = 'TOWLINE.PUT';
/** The same, as Request.is() takes it. */
export const VERB_PUT_LOWER = 'towline.put';
/** `TOWLINE.STAGE name n last bytes`: piece n of what a key may become; `last` 1: nothing follows it. */
export const VERB_STAGE = 'TOWLINE.STAGE';
/** `TOWLINE.UNSTAGE name`: what was staged under this name is dropped. */
export const VERB_UNSTAGE = 'TOWLINE.UNSTAGE';
/** `TOWLINE.ADOPT key name`: the key becomes what was staged under this name. */
export const VERB_ADOPT = 'TOWLINE.ADOPT';
/** `TOWLINE.SWAPPED version swaps`: databases were swapped while keys moved, so often now under this version of the ring. */
export const VERB_SWAPPED = 'TOWLINE.SWAPPED';
/** `TOWLINE.GROUP key group ...`: what a consumer group of a stream is now, and what a consumer was given (stream-effects.ts). */
export const VERB_GROUP = 'TOWLINE.GROUP';
