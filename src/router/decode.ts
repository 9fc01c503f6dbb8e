// Replies as values, for the few who want to know what is in them. RESP2 only: that is what the router asks in.
import Parser from 'redis-parser';
import type { ReplyValue } from './local/index.js';

/** The value of one whole RESP2 reply; an error reply becomes an Error. */
export function decodeReply(bytes: Buffer): ReplyValue {
  let value: ReplyValue = null;
  const parser = new Parser({
    returnBuffers: true,
    returnReply: (reply: ReplyValue) => {
      value = reply;
    },
    returnError: (error: Error) => {
      value = error;
    },
  });
  parser.execute(bytes);
  return value;
}
