// Errors that are replies to the client: thrown by handlers, turned into a reply by Store.execute.
// A broken assertion is a plain Error and passes through.

/** The text of an error reply, with its code and without the `-`. */
export class ReplyError extends Error {}

export const SYNTAX = 'ERR syntax error';
export const NOT_INTEGER = 'ERR value is not an integer or out of range';
export const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
export const TOO_LONG = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)';
export const NO_KEY = 'ERR no such key';

/** @throws ReplyError always. */
export function reject(text: string): never {
  throw new ReplyError(text);
}
