// A history of Redis commands as text that one can read and write by hand; an excerpt's lines are in it too.
// Must refuse what it does not understand, with the line.
import type { Operation } from './history.js';
import type { RedisInput, RedisOutput } from './models/redis.js';

const LINE = /^(\S+) (\d+)-(\d+|\?) (.+?)(?: = (.+))?$/;

/**
 * Parses lines such as `A 1-4 SET x 1 = "OK"`: client, moments of call and return, command, reply as JSON.
 * Without a reply, and with `?` for the return, the outcome is unknown. Words with spaces are JSON strings.
 * Empty lines and those that begin with `#` are left out. @throws Error
 */
export function parseScript(text: string): Operation<RedisInput, RedisOutput>[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, client, call, end, command, reply] = LINE.exec(line) ?? [];
      if (client === undefined || (end === '?') !== (reply === undefined))
        throw new Error(`not understood: ${line}`);
      const words = command!.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
      return {
        client,
        call: Number(call),
        return: end === '?' ? null : Number(end),
        input: words.map((word) => (word.startsWith('"') ? (JSON.parse(word) as string) : word)),
        output: reply === undefined ? undefined : (JSON.parse(reply) as RedisOutput),
      };
    });
}
