// SORT with BY or GET patterns inside an EXEC: which keys it needs is known only when the commands before it have run.
// They run aside with the keys that are known so far; when the elements, as they are then, name others, everything is
// released and planned again with those too, as sort-plan.ts does with one by itself. Must never run on other keys.
import { keysOf } from '../command/index.js';
import type { Run } from '../commit/index.js';
import { encodeCommand } from '../resp/index.js';
import { elementsOf } from './fanout.js';
import type { Queued } from './multi.js';
import { named } from './route.js';
import { keysNamedBy, ROUNDS } from './sort-plan.js';
import { apart } from './whole-reads.js';

interface Key {
  readonly db: number;
  readonly key: string;
}

/** The sorts of one EXEC, over all attempts to plan it. */
export class ExecSorts {
  private readonly found: Key[] = [];
  private rounds = 0;

  /** Keys that are to be locked beside those of the commands; null: again and again others were named. */
  get named(): readonly Key[] | null {
    return this.rounds < ROUNDS ? this.found : null;
  }

  /** These are needed, too. */
  add(keys: readonly Key[]): void {
    this.rounds++;
    this.found.push(...keys);
  }

  /** Of one attempt. @param runs the commands as they run aside */
  among(commands: readonly Queued[], runs: readonly Run[]): SortRuns {
    return new SortRuns(commands, runs, this);
  }
}

/** What runs aside, in one attempt: up to each sort in turn, until all that they need is held; then everything. */
class SortRuns {
  /** Which of the commands they are. */
  private readonly sorts: number[] = [];
  /** Sorts of which everything is held. */
  private sure = 0;

  constructor(
    private readonly commands: readonly Queued[],
    private readonly runs: readonly Run[],
    private readonly sorted: ExecSorts,
  ) {
    for (const [at, { row, request }] of commands.entries()) if (named(row, request)) this.sorts.push(at);
  }

  /** Whether `next` is everything. */
  get all(): boolean {
    return this.sure === this.sorts.length;
  }
  /** What is to run now. */
  get next(): Run[] {
    if (this.all) return [...this.runs];
    const at = this.sorts[this.sure]!;
    const { row, request } = this.commands[at]!;
    // The elements as they are; an error, as of a wrong type, is the command's own.
    const elements = encodeCommand(['SORT_RO', request.text(keysOf(row, request)[0]!), 'BY', 'nosort']);
    return [...this.runs.slice(0, at), { ...this.runs[at]!, command: elements }];
  }

  /**
   * `next`, which was not everything, has answered this.
   * @returns whether to go on: false when keys are needed that `holds` denies, and everything must be planned again
   */
  heard(replies: Buffer, holds: (key: Key) => boolean): boolean {
    const { row, request, db } = this.commands[this.sorts[this.sure]!]!;
    const elements = apart(replies).at(-1)!;
    if (elements[0] === ARRAY) {
      const needed = keysNamedBy(row.patterns!(request), elementsOf(elements)).map((key) => ({ db, key }));
      const missing = needed.filter((key) => !holds(key));
      if (missing.length > 0) {
        this.sorted.add(missing);
        return false;
      }
    }
    this.sure++;
    return true;
  }
}

const ARRAY = 42;
