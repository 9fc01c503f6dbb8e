// Plays a script at both servers and compares what they say. Must never go on after a difference, since from there on
// the two hold different things; nor wait for ever.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../store/redis.js';
import { elements, listed, same } from './same.js';
import { CLIENTS, type Script, type Turn } from './script.js';
import { shown } from './show.js';

/** Beyond the routers' own deadline (10 s). */
const PATIENCE_MS = 20_000;
const SCAN_STEPS = 5000;

/** Opens a connection of client n. */
export type Open = (client: number) => Promise<Connection>;

/** What was compared. */
export interface Counts {
  scripts: number;
  commands: number;
  execs: number;
  /** EXECs that executed nothing although no watched key had changed: docs/compatibility.md says when that may be. */
  spurious: number;
}

/** The two answered differently. */
export class Difference extends Error {}

/** Both sides of one client. */
class Pair {
  /** Commands queued since MULTI; null: outside. */
  queued: string[][] | null = null;
  /** Whether it watches any key. */
  watching = false;
  constructor(
    readonly mine: Connection,
    readonly theirs: Connection,
  ) {}

  /** What a reply of Redis's says about where the client is. */
  hears(words: string[], reply: string): void {
    const name = words[0]!.toLowerCase();
    if (reply === '+QUEUED\r\n') this.queued?.push(words);
    else if (name === 'multi' && reply === '+OK\r\n') this.queued = [];
    else if (name === 'watch' && reply === '+OK\r\n') this.watching = true;
    else if (name === 'unwatch' && reply === '+OK\r\n') this.watching = false;
    else if (
      words.length === 1 &&
      (name === 'reset' || (this.queued !== null && /^(exec|discard)$/.test(name)))
    ) {
      // Outside MULTI the other two are refused, and what is watched stays so.
      this.queued = null;
      this.watching = false;
    }
  }

  async both(commands: string[][]): Promise<[mine: string[], theirs: string[]]> {
    const late = new AbortController();
    const patience = sleep(PATIENCE_MS, null, { signal: late.signal, ref: false }).catch(() => null);
    const replies = Promise.all([this.mine.askAll(commands), this.theirs.askAll(commands)]);
    const said = await Promise.race([replies, patience]);
    late.abort();
    if (said === null) throw new Difference(`no answer within ${PATIENCE_MS} ms to ${shown(commands)}`);
    return said;
  }
}

/** Plays scripts, one after the other. */
export class Player {
  readonly counts: Counts = { scripts: 0, commands: 0, execs: 0, spurious: 0 };
  private pairs: Pair[] = [];

  constructor(
    private readonly mine: Open,
    private readonly theirs: Open,
  ) {}

  /** @throws Difference */
  async play({ protocols, turns }: Script): Promise<void> {
    try {
      await this.begin(protocols);
      for (const turn of turns) {
        if (!(await this.turn(turn))) break;
      }
      this.counts.scripts++;
    } catch (error) {
      // Nobody knows what is still under way: the next script begins with connections of its own.
      this.close();
      throw error;
    }
  }

  close(): void {
    for (const { mine, theirs } of this.pairs.splice(0)) {
      mine.close();
      theirs.close();
    }
  }

  private async begin(protocols: readonly number[]): Promise<void> {
    for (let n = this.pairs.length; n < CLIENTS; n++)
      this.pairs.push(new Pair(await this.mine(n), await this.theirs(n)));
    for (const [n, pair] of this.pairs.entries()) {
      pair.queued = null;
      pair.watching = false;
      await this.compare(pair, [
        ['RESET'],
        ['HELLO', String(protocols[n])],
        ...(n === 0 ? [['FLUSHALL']] : []),
      ]);
    }
  }

  /** @returns whether the script goes on */
  private async turn(turn: Turn): Promise<boolean> {
    const pair = this.pairs[turn.client]!;
    if ('commands' in turn) return this.compare(pair, turn.commands);
    // Within MULTI these would be queued; their answers say nothing.
    if (pair.queued !== null) return true;
    if ('scan' in turn) await this.scan(pair, turn.scan, turn.at);
    else return this.swap(pair, turn.swap);
    return true;
  }

  private async compare(pair: Pair, commands: string[][]): Promise<boolean> {
    const [mine, theirs] = await pair.both(commands);
    for (const [i, words] of commands.entries()) {
      this.counts.commands++;
      if (!this.one(pair, words, mine[i]!, theirs[i]!)) return false;
    }
    return true;
  }

  /** @returns whether the two are still the same; false where they may differ */
  private one(pair: Pair, words: string[], mine: string, theirs: string): boolean {
    const differ = (what: readonly string[], a: string, b: string) => {
      throw new Difference(`${shown([[...what]])}\n  Towline ${shown(a)}\n  Redis   ${shown(b)}`);
    };
    const { queued, watching } = pair;
    pair.hears(words, theirs);
    if (!/^exec$/i.test(words[0]!)) {
      if (same(words, mine, theirs)) return true;
      if (!listed(words, mine, theirs)) differ(words, mine, theirs);
      return false;
    }
    const [said, expected] = [elements(mine), elements(theirs)];
    if (expected !== null) this.counts.execs++;
    if ((mine === '*-1\r\n' || mine === '_\r\n') && expected !== null && watching) {
      this.counts.spurious++;
      return false;
    }
    if (said === null || expected === null || said.length !== expected.length) {
      if (mine !== theirs) differ(words, mine, theirs);
      return true;
    }
    for (const [i, each] of (queued ?? []).entries()) {
      if (same(each, said[i]!, expected[i]!)) continue;
      if (listed(each, said[i]!, expected[i]!)) return false;
      differ(['(in EXEC)', ...each], said[i]!, expected[i]!);
    }
    return true;
  }

  /** What a whole scan found at each: the same, each thing once, since nobody writes meanwhile. */
  private async scan(pair: Pair, words: readonly string[], at: number): Promise<void> {
    const found = await Promise.all(
      [pair.mine, pair.theirs].map(async (connection) => {
        const all = new Set<string>();
        const next = [...words];
        for (let steps = 0; steps < SCAN_STEPS; steps++) {
          const reply = await connection.ask(...next);
          this.counts.commands++;
          const parts = elements(reply);
          if (parts === null) return reply;
          const inside = elements(parts[1]!) ?? [];
          const size = words[0] === 'HSCAN' || words[0] === 'ZSCAN' ? 2 : 1;
          for (let i = 0; i < inside.length; i += size) all.add(inside.slice(i, i + size).join(''));
          next[at] = /\r\n(\d+)\r\n/.exec(parts[0]!)![1]!;
          if (next[at] === '0') return [...all].sort().join('');
        }
        return 'a scan without an end';
      }),
    );
    if (found[0] !== found[1])
      throw new Difference(
        `whole ${shown([[...words]])}\n  Towline ${shown(found[0]!)}\n  Redis   ${shown(found[1]!)}`,
      );
  }

  private async swap(pair: Pair, [from, to]: [string, string]): Promise<boolean> {
    const [[mine], [theirs]] = await pair.both([['DUMP', from]]);
    const payload = (reply: string) =>
      reply[0] === '$' && reply[1] !== '-' ? reply.slice(reply.indexOf('\r\n') + 2, -2) : null;
    const [here, there] = [payload(mine!), payload(theirs!)];
    if (here === null || there === null) return this.one(pair, ['DUMP', from], mine!, theirs!);
    const restore = (bytes: string) => ['RESTORE', to, '0', Buffer.from(bytes, 'latin1'), 'REPLACE'];
    const [[a], [b]] = await Promise.all([
      pair.mine.askAll([restore(there)]),
      pair.theirs.askAll([restore(here)]),
    ]);
    this.counts.commands += 2;
    return this.one(pair, ['RESTORE', to, '0', '...', 'REPLACE'], a!, b!);
  }
}
