// The bounds of the protocol, as Redis has them. Nothing here parses.

/** Longest bulk string, bytes (Redis's default proto-max-bulk-len). */
export const MAX_BULK = 512 * 1024 * 1024;
/** Most arguments of one command. */
export const MAX_ARGUMENTS = 1024 * 1024;
/** Longest inline command, and longest length line, bytes. */
export const MAX_INLINE = 64 * 1024;
/** Most bytes one incomplete command may occupy (Redis's client-query-buffer-limit). */
export const MAX_QUERY = 1024 * 1024 * 1024;

/** A request that cannot be parsed: the peer is told and its connection ends. `message` has no `-ERR` in front. */
export class ProtocolError extends Error {}
