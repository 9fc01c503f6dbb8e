// HELP of a container: its subcommands with their arguments, as Redis prints such a list.
import type { ReplyWriter } from '../resp/index.js';
import type { ArgumentDoc } from './row.js';
import { findText } from './table.js';

/** `NX | XX`, `[EX seconds]`: an argument as one types it. */
function usage(argument: ArgumentDoc): string {
  const parts = (argument.of ?? []).map(usage);
  let text: string;
  if (argument.type === 'pure-token') text = argument.token ?? argument.name;
  else if (argument.type === 'oneof') text = parts.join('|');
  else if (argument.type === 'block') text = parts.join(' ');
  else text = `<${argument.name}>`;
  if (argument.type !== 'pure-token' && argument.token !== undefined) text = `${argument.token} ${text}`;
  else if (argument.type === 'oneof' && !argument.flags?.includes('optional')) text = `(${text})`;
  if (argument.flags?.includes('multiple')) text += ` [${text} ...]`;
  return argument.flags?.includes('optional') ? `[${text}]` : text;
}

/** Writes the reply of `container HELP`. */
export function writeHelp(container: string, reply: ReplyWriter): void {
  const row = findText(container);
  if (row?.subcommands === undefined) throw new Error(`${container} has no subcommands`);
  const lines = [`${row.name.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  for (const sub of row.subcommands) {
    const words = [sub.name.slice(row.name.length + 1).toUpperCase(), ...(sub.arguments ?? []).map(usage)];
    lines.push(words.join(' '), `    ${sub.summary}`);
  }
  reply.array(lines.length);
  for (const line of lines) reply.simple(line);
}
