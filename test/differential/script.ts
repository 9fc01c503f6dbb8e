// A script: what a few clients say, turn by turn, each waiting for the replies to its turn before the next one begins,
// so that there is one right answer to everything. Made by fast-check, which also makes it short when it fails.
import fc from 'fast-check';
import { command, KEYS } from './commands.js';

/** Clients of one script. */
export const CLIENTS = 3;

/** What one client does while the others wait. */
export type Turn =
  /** Commands in one write. */
  | { client: number; commands: string[][] }
  /** A whole scan, from cursor 0 until it is 0 again, by a command whose cursor stands at `at`. */
  | { client: number; scan: string[]; at: number }
  /** The value of `from`, as each server dumps it, is restored at the other one as `to`. */
  | { client: number; swap: [from: string, to: string] };

/** All of it. */
export interface Script {
  /** RESP version that each client begins with. */
  protocols: number[];
  turns: Turn[];
}

const client = fc.nat(CLIENTS - 1);
const key = fc.constantFrom(...KEYS);
const pipeline = fc.array(command, { minLength: 1, maxLength: 8 });

/** MULTI to its end, at once or piece by piece, with or without WATCH and somebody who meddles. */
const transaction: fc.Arbitrary<Turn[]> = fc
  .record({
    client,
    watched: fc.array(key, { maxLength: 3 }),
    meddler: fc.option(fc.record({ client, commands: pipeline }), { nil: null, freq: 3 }),
    commands: pipeline,
    end: fc.constantFrom('EXEC', 'EXEC', 'EXEC', 'exec', 'DISCARD'),
    pieces: fc.boolean(),
  })
  .map(({ client: who, watched, meddler, commands, end, pieces }) => [
    ...(watched.length > 0 ? [{ client: who, commands: [['WATCH', ...watched]] }] : []),
    ...(meddler === null ? [] : [meddler]),
    ...(pieces
      ? [
          { client: who, commands: [['MULTI'], ...commands] },
          { client: who, commands: [[end]] },
        ]
      : [{ client: who, commands: [['MULTI'], ...commands, [end]] }]),
  ]);

const scan = fc
  .oneof(
    fc.constantFrom([['SCAN', '0'], 1] as const),
    fc
      .tuple(fc.constantFrom('HSCAN', 'SSCAN', 'ZSCAN'), key)
      .map(([name, of]) => [[name, of, '0'], 2] as const),
  )
  .chain(([words, at]) =>
    fc
      .constantFrom<string[]>(
        [],
        ['COUNT', '3'],
        ['COUNT', '100'],
        ['MATCH', '*1*'],
        ['MATCH', '[a-m]*', 'COUNT', '7'],
      )
      .map((more) => ({ scan: [...words, ...more], at })),
  );

const turns: fc.Arbitrary<Turn[]> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ client, commands: pipeline }).map((turn) => [turn]) },
  { weight: 4, arbitrary: transaction },
  { weight: 1, arbitrary: fc.tuple(client, scan).map(([who, what]) => [{ client: who, ...what }]) },
  { weight: 1, arbitrary: fc.record({ client, swap: fc.tuple(key, key) }).map((turn) => [turn]) },
);

/** Names that all keys get in a script: their own, or with something before or behind, so that slots differ. */
const naming = fc.oneof(
  { weight: 2, arbitrary: fc.constant(['', '']) },
  { weight: 4, arbitrary: fc.nat(999).map((n) => ['', `:${n}`]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(['\xff\x00\r\n', ''], ['', '\xc3\xa4'.repeat(300)], ['{', ''], ['{}', '']),
  },
  { weight: 1, arbitrary: fc.nat(99).map((n) => [`{${n}}`, '']) },
);

/** Within MULTI: keys named by chance or in an order of their own, and HELLO does something else (docs/compatibility.md). */
const NOT_IN_MULTI = /^(scan|randomkey|hello)$/i;
/** @param popped whether a SPOP stands before it */
const refused = (words: readonly string[], popped: boolean): boolean =>
  NOT_IN_MULTI.test(words[0]!) ||
  (popped && /^sort/i.test(words[0]!) && words.some((word) => word.includes('*'))) ||
  // It would leave what it counted in the value, which somebody may GET.
  (/^pfcount$/i.test(words[0]!) && words.length === 2);

/** Leaves that out wherever a client is within MULTI. */
function allowed(all: readonly Turn[]): Turn[] {
  const within = new Array<boolean>(CLIENTS).fill(false);
  const popped = new Array<boolean>(CLIENTS).fill(false);
  return all.map((turn) => {
    const who = turn.client;
    if ('scan' in turn) return within[who] && turn.at === 1 ? { client: who, commands: [['PING']] } : turn;
    if ('swap' in turn) return turn;
    const commands = turn.commands.filter((words) => {
      if (words.length === 1 && /^multi$/i.test(words[0]!)) within[who] = true;
      if (/^spop$/i.test(words[0]!)) popped[who] = true;
      if (words.length === 1 && /^(exec|discard|reset)$/i.test(words[0]!)) within[who] = false;
      if (!within[who]) popped[who] = false;
      return !(within[who] && refused(words, popped[who]!));
    });
    return { client: who, commands };
  });
}

const named = (turn: Turn, name: (word: string) => string): Turn => {
  if ('swap' in turn) return { ...turn, swap: [name(turn.swap[0]), name(turn.swap[1])] };
  if ('scan' in turn) return { ...turn, scan: turn.scan.map(name) };
  return {
    ...turn,
    commands: turn.commands.map((words) => words.map((word, i) => (i === 0 ? word : name(word)))),
  };
};

/** @param length turns, or transactions of a few turns, at most */
export function scripts(length: number): fc.Arbitrary<Script> {
  const all = fc.array(turns, { minLength: 1, maxLength: length, size: 'max' });
  const protocols = fc.array(fc.constantFrom(2, 3), { minLength: CLIENTS, maxLength: CLIENTS });
  const known = new Set(KEYS);
  return fc
    .record({ protocols, naming, all })
    .map(({ protocols: versions, naming: [before, behind], all: some }) => ({
      protocols: versions,
      turns: allowed(some.flat())
        .filter((turn) => !('commands' in turn) || turn.commands.length > 0)
        .map((turn) => named(turn, (word) => (known.has(word) ? `${before}${word}${behind}` : word))),
    }));
}
