// Error texts that several commands share, word for word as Redis has them.

export const SYNTAX = 'ERR syntax error';
export const NOT_INTEGER = 'ERR value is not an integer or out of range';
export const WRONG_PASSWORD = 'WRONGPASS invalid username-password pair or user is disabled.';
export const BAD_NAME = 'ERR Client names cannot contain spaces, newlines or special characters.';

/** What a container command says about a subcommand it does not have. @param container in any case. */
export function unknownSubcommand(container: string, sub: string): string {
  return `ERR unknown subcommand '${sub.slice(0, 128)}'. Try ${container.toUpperCase()} HELP.`;
}
