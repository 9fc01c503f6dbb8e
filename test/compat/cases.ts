// The cases of resp-compatibility: how their lines become commands and how their replies are compared. Pure.
import { readFileSync } from 'node:fs';

/** One case as the file has it. */
export interface Case {
  readonly name: string;
  readonly command: readonly string[];
  readonly result: readonly unknown[];
  /** Version of Redis from which on it holds. */
  readonly since: string;
  /** `standalone`: keys of several slots; `cluster`: the same, rewritten for one slot. */
  readonly tags?: string;
  readonly command_binary?: boolean;
  readonly skipped?: boolean;
  readonly sort_result?: boolean;
  readonly float_result?: boolean;
}

/** A decoded reply: as redis-parser gives them, errors as texts that begin with `-`. */
export type Reply = string | number | null | Reply[];

const VERSION = [7, 0, 0];

function upTo(since: string): boolean {
  const parts = since.split('.').map(Number);
  for (const [i, limit] of VERSION.entries()) if ((parts[i] ?? 0) !== limit) return (parts[i] ?? 0) < limit;
  return true;
}

/** The cases that a standalone Redis 7.0.0 must pass. */
export function readCases(path: string): Case[] {
  const all = JSON.parse(readFileSync(path, 'utf8')) as Case[];
  return all.filter((each) => upTo(each.since) && each.tags !== 'cluster' && each.skipped !== true);
}

/** Whether a case needs Lua: those are left out of the count. */
export function needsLua({ command }: Case): boolean {
  return command.some((line) => /^(eval|evalsha|fcall|script|function)(_ro)?\b/i.test(line));
}

const LETTERS: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, r: 13 };

function unescaped(text: string): Buffer {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\\') bytes.push(text.charCodeAt(i));
    else if (text[i + 1] === 'x') {
      bytes.push(Number.parseInt(text.slice(i + 2, i + 4), 16));
      i += 3;
    } else bytes.push(LETTERS[text[++i]!] ?? text.charCodeAt(i));
  }
  return Buffer.from(bytes);
}

/** The words of a line; double quotes hold some together. */
export function wordsOf({ command_binary }: Case, line: string): Buffer[] {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((found) => found[1] ?? found[2]!);
  return words.map((word) => (command_binary ? unescaped(word) : Buffer.from(word)));
}

const sorted = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(sorted).sort((a, b) => (String(a) < String(b) ? -1 : 1)) : value;

function close(wanted: unknown, got: unknown): boolean {
  if (Array.isArray(wanted) && Array.isArray(got)) {
    return wanted.length === got.length && wanted.every((each, i) => close(each, got[i]));
  }
  if (wanted === got) return true;
  const [a, b] = [Number(wanted), Number(got)];
  return wanted !== null && got !== null && Math.abs(a - b) < 1e-3;
}

/** Whether a reply is the wanted one. */
export function same({ sort_result, float_result }: Case, wanted: unknown, got: Reply): boolean {
  if (float_result) return close(wanted, got);
  const [a, b] = sort_result ? [sorted(wanted), sorted(got)] : [wanted, got];
  return JSON.stringify(a) === JSON.stringify(b);
}
