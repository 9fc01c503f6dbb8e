// Which row is this request, and may it run? Otherwise: the refusal in Redis's words.
import type { Request } from '../resp/index.js';
import type { CommandRow } from './row.js';
import { find, findRequest } from './table.js';
import { unsupportedGroup } from './unsupported.js';

/** Whether the request has as many arguments as the row wants. */
export function arityOk(row: CommandRow, argc: number): boolean {
  return row.arity > 0 ? argc === row.arity : argc >= -row.arity;
}

/**
 * The row that the request executes: of a container, that of its subcommand. Its arity is checked.
 * @returns null when it must be refused: `refusal(request)` says why. The request has at least one argument.
 */
export function resolve(request: Request): CommandRow | null {
  const row = findRequest(request);
  return row !== undefined && arityOk(row, request.argc) ? row : null;
}

/** Most bytes of the arguments, and of a name, that an error repeats. */
const SHOWN = 128;

/** As C sees a string, and so how Redis's errors repeat it: up to the first zero byte, and no longer than `max`. */
export const cut = (text: string, max = Number.POSITIVE_INFINITY): string => {
  const end = text.indexOf('\0');
  return text.slice(0, Math.min(end < 0 ? text.length : end, max));
};

/** Why resolve() said null: the error reply without its `-`, latin1. Line ends are replaced by the ReplyWriter. */
export function refusal(request: Request): string {
  const row = findRequest(request);
  if (row !== undefined) return `ERR wrong number of arguments for '${row.name}' command`;
  const name = request.text(0);
  const { start } = request;
  const container = find(request.buffer, start + request.from[0]!, start + request.to[0]!);
  if (container !== undefined) {
    return `ERR unknown subcommand '${cut(request.text(1), SHOWN)}'. Try ${container.name.toUpperCase()} HELP.`;
  }
  let args = '';
  for (let i = 1; i < request.argc && args.length < SHOWN; i++) {
    args += `'${cut(request.text(i), SHOWN - args.length)}' `;
  }
  const known = unsupportedGroup(name) === undefined ? '' : ' (Towline does not have it yet)';
  return `ERR unknown command '${cut(name, SHOWN)}'${known}, with args beginning with: ${args}`;
}
