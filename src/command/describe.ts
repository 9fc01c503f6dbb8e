// The replies of COMMAND and its subcommands, from the table alone, in the shapes that Redis 7.0 gives them.
// Must never describe what the table does not have.
import type { ReplyWriter, Request } from '../resp/index.js';
import { writeDocs } from './describe-docs.js';
import { globMatch } from './glob.js';
import { writeHelp } from './help.js';
import { keysOf, standsForKeys } from './keys.js';
import { arityOk } from './resolve.js';
import type { CommandRow, KeySpec } from './row.js';
import { findRequest, findText, ROWS } from './table.js';

/** Executes COMMAND or one of its subcommands: any request that resolve() gave a `command` row for. */
export function describe(request: Request, reply: ReplyWriter): void {
  if (request.argc === 1) writeInfos(ROWS, reply);
  else if (request.is(1, 'count')) reply.integer(ROWS.length);
  else if (request.is(1, 'info')) info(request, reply);
  else if (request.is(1, 'docs')) docs(request, reply);
  else if (request.is(1, 'list')) list(request, reply);
  else if (request.is(1, 'getkeys')) getKeys(request, reply, false);
  else if (request.is(1, 'getkeysandflags')) getKeys(request, reply, true);
  else writeHelp('command', reply);
}

// ---- INFO

function statuses(reply: ReplyWriter, words: readonly string[]): void {
  reply.set(words.length);
  for (const word of words) reply.simple(word);
}

function writeSpec(spec: KeySpec, reply: ReplyWriter): void {
  reply.map(spec.notes === undefined ? 3 : 4);
  if (spec.notes !== undefined) {
    reply.bulk('notes');
    reply.utf8(spec.notes);
  }
  reply.bulk('flags');
  statuses(reply, spec.flags);
  const { find, begin, last, step, keyword, limit = 0 } = spec;
  reply.bulk('begin_search');
  if (find === 'unknown') writeSearch(reply, 'unknown', {});
  else if (keyword !== undefined) writeSearch(reply, 'keyword', { keyword, startfrom: begin });
  else writeSearch(reply, 'index', { index: begin });
  reply.bulk('find_keys');
  if (find === 'unknown') writeSearch(reply, 'unknown', {});
  else if (find === 'keynum') writeSearch(reply, 'keynum', { keynumidx: 0, firstkey: 1, keystep: step });
  else writeSearch(reply, 'range', { lastkey: last, keystep: step, limit });
}

function writeSearch(
  reply: ReplyWriter,
  type: string,
  spec: Readonly<Record<string, number | string>>,
): void {
  const facts = Object.entries(spec);
  reply.map(2);
  reply.bulk('type');
  reply.bulk(type);
  reply.bulk('spec');
  reply.map(facts.length);
  for (const [name, value] of facts) {
    reply.bulk(name);
    if (typeof value === 'string') reply.bulk(value);
    else reply.integer(value);
  }
}

function writeInfo(row: CommandRow, reply: ReplyWriter): void {
  reply.array(10);
  reply.bulk(row.name);
  reply.integer(row.arity);
  statuses(reply, row.flags);
  reply.integer(row.keys.first);
  reply.integer(row.keys.last);
  reply.integer(row.keys.step);
  statuses(reply, row.categories);
  const tips = row.tips ?? [];
  reply.set(tips.length);
  for (const tip of tips) reply.bulk(tip);
  const specs = row.specs ?? [];
  reply.set(specs.length);
  for (const spec of specs) writeSpec(spec, reply);
  if (row.subcommands === undefined) reply.set(0);
  else writeInfos(row.subcommands, reply);
}

function writeInfos(rows: readonly CommandRow[], reply: ReplyWriter): void {
  reply.array(rows.length);
  for (const row of rows) writeInfo(row, reply);
}

function info(request: Request, reply: ReplyWriter): void {
  if (request.argc === 2) {
    writeInfos(ROWS, reply);
    return;
  }
  reply.array(request.argc - 2);
  for (let i = 2; i < request.argc; i++) {
    const row = findText(request.text(i));
    if (row === undefined) reply.nil();
    else writeInfo(row, reply);
  }
}

// ---- DOCS

function docs(request: Request, reply: ReplyWriter): void {
  let rows: readonly CommandRow[] = ROWS;
  if (request.argc > 2) {
    const named: CommandRow[] = [];
    for (let i = 2; i < request.argc; i++) {
      const row = findText(request.text(i));
      if (row !== undefined) named.push(row);
    }
    rows = named;
  }
  writeDocs(rows, reply);
}

// ---- LIST

function list(request: Request, reply: ReplyWriter): void {
  let keep: ((row: CommandRow) => boolean) | null = null;
  if (request.argc === 2) keep = () => true;
  else if (request.argc === 5 && request.is(2, 'filterby')) {
    const text = request.text(4);
    if (request.is(3, 'aclcat')) keep = (row) => row.categories.includes(`@${text.toLowerCase()}`);
    else if (request.is(3, 'pattern')) keep = (row) => globMatch(text.toLowerCase(), row.name);
    else if (request.is(3, 'module')) keep = () => false;
  }
  if (keep === null) {
    reply.error('ERR syntax error');
    return;
  }
  const names = ROWS.flatMap((row) => [row, ...(row.subcommands ?? [])]).filter(keep);
  reply.array(names.length);
  for (const row of names) reply.bulk(row.name);
}

// ---- GETKEYS

/** The request behind COMMAND GETKEYS, as if it had come alone. */
function inner(request: Request): Request {
  const copy = request.clone();
  copy.from.splice(0, 2);
  copy.to.splice(0, 2);
  copy.argc -= 2;
  return copy;
}

/** The flags of the specification that covers argument i. */
function flagsAt(row: CommandRow, i: number, request: Request): readonly string[] {
  if (row.keyFlags !== undefined) return row.keyFlags(request, i);
  const { argc } = request;
  const covers = (spec: KeySpec) => {
    if (spec.limit !== undefined) return true;
    if (spec.keyword !== undefined) return request.is(i - 1, spec.keyword.toLowerCase());
    if (spec.find !== undefined) return spec.find === 'keynum' && i > spec.begin;
    const last = spec.last < 0 ? argc + spec.last : spec.begin + spec.last;
    return i >= spec.begin && i <= last && (i - spec.begin) % spec.step === 0;
  };
  return row.specs?.find(covers)?.flags ?? [];
}

function getKeys(request: Request, reply: ReplyWriter, flags: boolean): void {
  const asked = inner(request);
  const row = findRequest(asked);
  if (row === undefined) {
    reply.error('ERR Invalid command specified');
    return;
  }
  if ((row.keys.first === 0 && row.findKeys === undefined) || standsForKeys(row)) {
    reply.error('ERR The command has no key arguments');
    return;
  }
  if (!arityOk(row, asked.argc)) {
    reply.error('ERR Invalid number of arguments specified for command');
    return;
  }
  const keys = keysOf(row, asked);
  // A number of keys that is none leaves nothing behind it, whatever stands before; nor must another place be empty.
  const missing = row.specs?.some(({ find, keyword, begin }) =>
    find === 'keynum'
      ? !keys.some((i) => i > begin)
      : find === undefined && keyword === undefined && begin >= asked.argc,
  );
  if (keys.length === 0 || missing) {
    reply.error('ERR Invalid arguments specified for command');
    return;
  }
  reply.array(keys.length);
  for (const i of keys) {
    if (flags) reply.array(2);
    reply.bulk(asked.bytes(i));
    if (flags) statuses(reply, flagsAt(row, i, asked));
  }
}
