// SORT with BY or GET patterns: which keys it needs is known only when its elements are. It is planned with the keys that
// are known so far; when the elements, read under the locks, name others, everything is released and planned again with
// those too (design, "a newly discovered key"). Must never run on keys that it has not locked.
import { keysOf, patternKey } from '../command/index.js';
import type { CommandRow } from '../command/row.js';
import type { KeyValue, Next, Plan } from '../commit/index.js';
import { encodeCommand, type Request } from '../resp/index.js';
import { errorReply } from './errors.js';
import { elementsOf } from './fanout.js';
import { Effects, Homes } from './homes.js';
import type { Asker } from './plan.js';
import type { Route } from './route.js';

/** So often other keys may be named when everything is locked; then it is given up. */
export const ROUNDS = 32;
export const BUSY = errorReply('BUSY what is sorted changes all the time; nothing was executed');

/** Plans one SORT, as often as its coordinator asks. */
export class SortPlanner {
  private named: readonly string[] = [];
  private rounds = 0;
  private readonly patterns: readonly string[];

  /** The request must outlive it (clone() it). */
  constructor(
    private readonly row: CommandRow,
    private readonly request: Request,
    private readonly asker: Asker,
  ) {
    this.patterns = row.patterns!(request);
  }

  plan(route: Route): Plan | Buffer {
    if (this.rounds >= ROUNDS) return BUSY;
    const { row, request, asker } = this;
    const { db, proto } = asker;
    const homes = new Homes(route);
    homes.addCommand(row, request, db);
    for (const key of this.named) homes.add(db, key, false);
    const aside = (command: Buffer): Next => ({
      kind: 'aside',
      group: homes.first,
      values: homes.values(),
      runs: [{ db, proto, command }],
    });
    let listed = false;
    return {
      ring: route.version,
      shares: homes.shares(),
      locked: (answers): Next => {
        homes.note(answers);
        // The elements as they are; an error, as of a wrong type, is the command's own.
        return aside(encodeCommand(['SORT_RO', request.text(keysOf(row, request)[0]!), 'BY', 'nosort']));
      },
      ran: (reply, changes): Next => {
        if (!listed) {
          listed = true;
          const needed = reply[0] === 42 ? keysNamedBy(this.patterns, elementsOf(reply)) : [];
          const known = new Set(this.named);
          if (needed.some((key) => !known.has(key))) {
            this.named = needed;
            this.rounds++;
            return { kind: 'settled' };
          }
          return aside(request.raw());
        }
        return this.written(homes, reply, changes);
      },
    };
  }

  private written(homes: Homes, reply: Buffer, changes: KeyValue[]): Next {
    const effects = new Effects();
    homes.change(changes, effects);
    return { kind: 'write', effects: effects.take(), reply, decided: () => homes.moved(changes) };
  }
}

/** Every key that the patterns name for these elements. */
export function keysNamedBy(patterns: readonly string[], elements: readonly Buffer[]): string[] {
  const keys = new Set<string>();
  for (const element of elements) {
    const text = element.latin1Slice();
    for (const pattern of patterns) keys.add(patternKey(pattern, text).key);
  }
  return [...keys];
}
