// Small builders of handlers: commands that always answer the same need no function of their own.
import type { ReplyWriter } from '../../resp/index.js';
import type { LocalHandler } from './server.js';

/** Answers `+OK`. */
export const alwaysOk: LocalHandler = (_request, _client, _server, reply) => reply.ok();

/** Always answers this error; `text` begins with its code. */
export function refuse(text: string): LocalHandler {
  return (_request, _client, _server, reply) => reply.error(text);
}

/** HELP of a container: its subcommands, as [usage, what it does, ...]; HELP itself is added. */
export function helpOf(
  container: string,
  ...entries: readonly (readonly [string, ...string[]])[]
): LocalHandler {
  const lines = [`${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  for (const [usage, ...notes] of entries) {
    lines.push(usage);
    for (const note of notes) lines.push(`    ${note}`);
  }
  lines.push('HELP', '    Prints this help.');
  return (_request, _client, _server, reply) => {
    reply.array(lines.length);
    for (const line of lines) reply.simple(line);
  };
}

/** Writes a list of texts as an array of bulk strings. */
export function bulks(reply: ReplyWriter, texts: readonly string[]): void {
  reply.array(texts.length);
  for (const text of texts) reply.bulk(text);
}
