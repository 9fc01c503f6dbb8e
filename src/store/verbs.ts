// Internal commands that stand among effects. No client may send them to a router.

/** `TOWLINE.DB n`: the effects after it act on database n. */
export const VERB_DB = 'TOWLINE.DB';
/** `TOWLINE.PUT key payload`: the key becomes what exportKey() wrote. */
export const VERB_PUT = 'TOWLINE.PUT';
