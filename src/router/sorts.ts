// SORT with BY or GET patterns: which keys it needs is known only when its elements are, inside an EXEC when the commands
// before it have run. They run aside with the keys that are known so far; when the elements, as they are then, name
// others, everything is released and planned again with those too (design, "a newly discovered key"). Must never run on
// other keys.
import { keysOf, patternKey } from '../command/index.js';
import type { Moment, Run } from '../commit/index.js';
import { encodeCommand } from '../resp/index.js';
import { errorReply } from './errors.js';
import { elementsOf } from './fanout.js';
import type { Queued } from './multi.js';
import { named } from './route.js';
import { apart } from './whole-reads.js';

/** So often other keys may be named when everything is locked; then it is given up. */
const ROUNDS = 32;
export const BUSY = errorReply('BUSY what is sorted changes all the time; nothing was executed');

interface Key {
  readonly db: number;
  readonly key: string;
}

/** The sorts among some commands that are one transaction, over all attempts to plan it. */
export class Sorts {
  /** What each of them, by its place among the commands, needed when it was last asked. */
  private readonly needed = new Map<number, readonly Key[]>();
  private rounds = 0;
  private drawn: number | null = null;

  /** @param random a number from 0 to below 1, by chance */
  constructor(private readonly random: () => number) {}

  /** Of what the commands before a SORT choose by chance: the same in all attempts. */
  get seed(): number {
    this.drawn ??= Math.floor(this.random() * 2 ** 32);
    return this.drawn;
  }

  /** Keys that are to be locked beside those of the commands; null: again and again others were named. */
  get named(): Key[] | null {
    return this.rounds < ROUNDS ? [...this.needed.values()].flat() : null;
  }

  /** The command at this place needs other keys than were locked. */
  needs(at: number, keys: readonly Key[]): void {
    this.rounds++;
    this.needed.set(at, keys);
  }

  /** Of one attempt. @param runs the commands as they run aside */
  among(commands: readonly Queued[], runs: Run[]): SortRuns {
    return new SortRuns(commands, runs, this);
  }
}

/** What runs aside, in one attempt: up to each sort in turn, until all that they need is held; then everything. */
class SortRuns {
  /** Which of the commands they are. */
  private readonly places: number[] = [];
  /** Sorts of which everything is held. */
  private sure = 0;
  /** The group's clock when they ran first, ms; 0: they have not. */
  private at = 0;

  constructor(
    private readonly commands: readonly Queued[],
    private readonly runs: Run[],
    private readonly sorts: Sorts,
  ) {
    for (const [at, { row, request }] of commands.entries()) if (named(row, request)) this.places.push(at);
  }

  /** Whether `next` is everything. */
  get all(): boolean {
    return this.sure === this.places.length;
  }
  /** What they decide by, where they run several times. */
  get moment(): Moment | undefined {
    return this.places.length === 0 ? undefined : { seed: this.sorts.seed, at: this.at };
  }
  /** What is to run now. */
  get next(): Run[] {
    if (this.all) return this.runs;
    const at = this.places[this.sure]!;
    const { row, request } = this.commands[at]!;
    // The elements as they are; an error, as of a wrong type, is the command's own.
    const elements = encodeCommand(['SORT_RO', request.text(keysOf(row, request)[0]!), 'BY', 'nosort']);
    return [...this.runs.slice(0, at), { ...this.runs[at]!, command: elements }];
  }

  /**
   * `next`, which was not everything, has answered this, at that time.
   * @returns whether to go on: false when keys are needed that `holds` denies, and everything must be planned again
   */
  heard(replies: Buffer, at: number | undefined, holds: (key: Key) => boolean): boolean {
    this.at = at ?? 0;
    const place = this.places[this.sure]!;
    const { row, request, db } = this.commands[place]!;
    const elements = apart(replies).at(-1)!;
    if (elements[0] === ARRAY) {
      const needed = keysNamedBy(row.patterns!(request), elementsOf(elements)).map((key) => ({ db, key }));
      if (!needed.every(holds)) {
        this.sorts.needs(place, needed);
        return false;
      }
    }
    this.sure++;
    return true;
  }
}

/** Every key that the patterns name for these elements. */
function keysNamedBy(patterns: readonly string[], elements: readonly Buffer[]): string[] {
  const keys = new Set<string>();
  for (const element of elements) {
    const text = element.latin1Slice();
    for (const pattern of patterns) keys.add(patternKey(pattern, text).key);
  }
  return [...keys];
}

const ARRAY = 42;
