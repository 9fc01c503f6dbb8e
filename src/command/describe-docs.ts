// The reply of COMMAND DOCS: what redis-cli and client libraries build hints and documentation from.
import type { ReplyWriter } from '../resp/index.js';
import type { ArgumentDoc, CommandRow } from './row.js';

/** Writes a map whose values are written by functions; absent values leave their key out. */
function fields(reply: ReplyWriter, all: readonly (readonly [string, (() => void) | undefined])[]): void {
  const present = all.filter((field): field is readonly [string, () => void] => field[1] !== undefined);
  reply.map(present.length);
  for (const [name, write] of present) {
    reply.bulk(name);
    write();
  }
}

/** Writes the value when there is one. */
const given = <T>(value: T | undefined, write: (value: T) => void) =>
  value === undefined ? undefined : () => write(value);

function writeArgument(argument: ArgumentDoc, reply: ReplyWriter): void {
  const text = (value: string) => reply.utf8(value);
  fields(reply, [
    ['name', given(argument.name, text)],
    ['type', given(argument.type, text)],
    ['key_spec_index', given(argument.spec, (spec) => reply.integer(spec))],
    ['token', given(argument.token, text)],
    ['since', given(argument.since, text)],
    ['deprecated_since', given(argument.deprecatedSince, text)],
    ['flags', given(argument.flags, (flags) => writeFlags(flags, reply))],
    ['arguments', given(argument.of, (of) => writeArguments(of, reply))],
  ]);
}

function writeFlags(flags: readonly string[], reply: ReplyWriter): void {
  reply.set(flags.length);
  for (const flag of flags) reply.simple(flag);
}

function writeArguments(all: readonly ArgumentDoc[], reply: ReplyWriter): void {
  reply.array(all.length);
  for (const argument of all) writeArgument(argument, reply);
}

function writeHistory(history: readonly (readonly [string, string])[], reply: ReplyWriter): void {
  reply.set(history.length);
  for (const [version, change] of history) {
    reply.array(2);
    reply.utf8(version);
    reply.utf8(change);
  }
}

function writeDoc(row: CommandRow, reply: ReplyWriter): void {
  const text = (value: string) => reply.utf8(value);
  fields(reply, [
    ['summary', given(row.summary, text)],
    ['since', given(row.since, text)],
    ['group', given(row.group, text)],
    ['complexity', row.complexity === '' ? undefined : given(row.complexity, text)],
    ['doc_flags', given(row.docFlags, (flags) => writeFlags(flags, reply))],
    ['deprecated_since', given(row.deprecatedSince, text)],
    ['replaced_by', given(row.replacedBy, text)],
    ['history', given(row.history, (history) => writeHistory(history, reply))],
    ['arguments', given(row.arguments, (all) => writeArguments(all, reply))],
    ['subcommands', given(row.subcommands, (rows) => writeDocs(rows, reply))],
  ]);
}

/** A map from name to documentation. */
export function writeDocs(rows: readonly CommandRow[], reply: ReplyWriter): void {
  reply.map(rows.length);
  for (const row of rows) {
    reply.bulk(row.name);
    writeDoc(row, reply);
  }
}
