// Short forms for writing rows. Holds no facts about any command.
import type { Request } from '../../resp/index.js';
import type { ArgumentDoc, CommandRow, KeyRange, KeySpec } from '../row.js';

const NO_KEYS: KeyRange = { first: 0, last: 0, step: 0 };

/**
 * A row without what follows from the rest: no keys unless named, `write` and `blocking` from its flags, `id` from the table.
 * All rows have the same properties in the same order: V8 compiles the way of a command for the shapes of the rows that
 * have come, and throws that code away, for all commands, when a row of another shape comes.
 */
export function row(
  facts: Omit<CommandRow, 'id' | 'write' | 'blocking' | 'keys'> & { keys?: KeyRange },
): CommandRow {
  const all: { [K in keyof Required<CommandRow>]: CommandRow[K] } = {
    id: -1,
    name: facts.name,
    arity: facts.arity,
    flags: facts.flags,
    keys: facts.keys ?? NO_KEYS,
    where: facts.where,
    write: facts.flags.includes('write'),
    blocking: facts.flags.includes('blocking'),
    findKeys: facts.findKeys,
    otherDatabase: facts.otherDatabase,
    patterns: facts.patterns,
    swaps: facts.swaps,
    split: facts.split,
    subcommands: facts.subcommands,
    group: facts.group,
    categories: facts.categories,
    summary: facts.summary,
    since: facts.since,
    complexity: facts.complexity,
    specs: facts.specs,
    keyFlags: facts.keyFlags,
    tips: facts.tips,
    docFlags: facts.docFlags,
    deprecatedSince: facts.deprecatedSince,
    replacedBy: facts.replacedBy,
    history: facts.history,
    arguments: facts.arguments,
  };
  return all;
}

/** A key specification; `flags` separated by spaces. */
export function spec(begin: number, last: number, step: number, flags: string, notes?: string): KeySpec {
  const facts = { begin, last, step, flags: flags.split(' ') };
  return notes === undefined ? facts : { ...facts, notes };
}

/** A key specification: argument `begin` is a number, and so many keys follow it. */
export function counted(begin: number, flags: string): KeySpec {
  return { begin, last: 0, step: 1, flags: flags.split(' '), find: 'keynum' };
}

/** A key specification: the key behind a word, which is looked for from argument `begin` on. */
export function keyword(name: string, begin: number, flags: string): KeySpec {
  return { begin, last: 0, step: 1, flags: flags.split(' '), keyword: name };
}

/** A key specification: keys behind STREAMS, which is looked for from argument `begin` on, and as many IDs. */
export function streamKeys(begin: number, flags: string): KeySpec {
  return { begin, last: -1, step: 1, flags: flags.split(' '), keyword: 'STREAMS', limit: 2 };
}

/** A key specification that says only that there may be more keys, and why. */
export function unknown(flags: string, notes: string): KeySpec {
  return { begin: 0, last: 0, step: 0, flags: flags.split(' '), find: 'unknown', notes };
}

/** findKeys: `fixed` keys by index, then those that the number in argument `at` counts; none when it is nonsense. */
export function countedKeys(at: number, ...fixed: number[]): (request: Request) => number[] {
  return (request) => {
    const found = [...fixed];
    const text = request.length(at) <= 9 ? request.text(at) : '';
    const count = /^[1-9][0-9]*$/.test(text) ? Number(text) : 0;
    if (count < request.argc - at) for (let i = at + 1; i <= at + count; i++) found.push(i);
    return found;
  };
}

/** An argument of COMMAND DOCS. */
export function arg(name: string, type: string, more: Omit<ArgumentDoc, 'name' | 'type'> = {}): ArgumentDoc {
  return { name, type, ...more };
}

/** A word that stands for itself, like NX. */
export function word(token: string, more: Omit<ArgumentDoc, 'name' | 'type' | 'token'> = {}): ArgumentDoc {
  return { name: token.toLowerCase(), type: 'pure-token', token, ...more };
}

/** The usual first argument. */
export const KEY: ArgumentDoc = { name: 'key', type: 'key', spec: 0 };

/** Whether any argument from `from` on is one of these words. */
export function mentions(request: Request, from: number, ...words: string[]): boolean {
  for (let i = from; i < request.argc; i++) if (words.some((each) => request.is(i, each))) return true;
  return false;
}
