// A SORT with BY or GET patterns by itself, as a transaction over the keys that it names (sorts.ts). Inside MULTI it is
// one command of an EXEC (exec-plan.ts).
import type { CommandRow } from '../command/row.js';
import type { Next, Plan } from '../commit/index.js';
import type { Request } from '../resp/index.js';
import { Effects, Homes } from './homes.js';
import type { Asker } from './plan.js';
import type { Route } from './route.js';
import { BUSY, Sorts } from './sorts.js';

/** Plans one SORT, as often as its coordinator asks. */
export class SortPlanner {
  // Nothing before it chooses by chance.
  private readonly sorts = new Sorts(() => 0);

  /** The request must outlive it (clone() it). */
  constructor(
    private readonly row: CommandRow,
    private readonly request: Request,
    private readonly asker: Asker,
  ) {}

  plan(route: Route): Plan | Buffer {
    const { row, request, sorts } = this;
    const { db, proto } = this.asker;
    const { named } = sorts;
    if (named === null) return BUSY;
    const homes = new Homes(route);
    homes.addCommand(row, request, db);
    for (const { key } of named) homes.add(db, key, false);
    const sorting = sorts.among([{ row, request, db }], [{ db, proto, command: request.raw() }]);
    const aside = (): Next => ({
      kind: 'aside',
      group: homes.first,
      values: homes.values(),
      runs: sorting.next,
      moment: sorting.moment,
    });
    return {
      ring: route.fence,
      shares: homes.shares(),
      locked: (answers): Next => {
        homes.note(answers);
        return aside();
      },
      ran: (reply, changes, at): Next => {
        if (!sorting.all)
          return sorting.heard(reply, at, (key) => homes.has(key)) ? aside() : { kind: 'settled' };
        const effects = new Effects();
        homes.change(changes, effects);
        return { kind: 'write', effects: effects.take(), reply, decided: () => homes.moved(changes) };
      },
    };
  }
}
