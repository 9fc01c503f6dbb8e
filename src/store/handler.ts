// The shape of what executes a command. Rows come from command/; handlers are found by the row's name.
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';

/** Executes one command whose arity has been checked. Errors for the client are thrown as ReplyError. */
export type Handler = (store: Access, request: Request, ctx: Context) => void;

/** Handlers by row name. */
export type Handlers = Readonly<Record<string, Handler>>;
