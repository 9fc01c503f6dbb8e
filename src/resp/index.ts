export { ByteWriter, inOne } from './bytes.js';
export { type Argument, CommandWriter, encodeCommand } from './encode.js';
export { splitInline } from './inline.js';
export { MAX_ARGUMENTS, MAX_BULK, MAX_INLINE, MAX_QUERY, ProtocolError } from './limits.js';
export { PartsWriter } from './parts.js';
export { type Proto, ReplyWriter } from './reply.js';
export { Request, RequestParser, requestOf } from './request.js';
export { ReplySplitter, replyEnd } from './scan.js';
