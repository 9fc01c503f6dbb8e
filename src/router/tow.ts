// Transfer on write (R1): a command with keys that may still live in older groups of their chains becomes one
// transaction. It locks each key wherever it may be, takes it from where it is, runs aside, and leaves what was
// written at the owner and nowhere else. Pure but for the facts that it adds to its own route.
import type { CommandRow } from '../command/row.js';
import type { Aside, Locked, Next, Plan } from '../commit/index.js';
import type { Request } from '../resp/index.js';
import { Effects, Homes } from './homes.js';
import type { Asker } from './plan.js';
import type { Route } from './route.js';

/**
 * The transaction of a command with unsettled keys. The request must outlive it (clone() it). When it turns out
 * that every key is settled, nothing was executed and it is to be planned again.
 */
export function towPlan(route: Route, row: CommandRow, request: Request, { db, proto }: Asker): Plan {
  const homes = new Homes(route);
  homes.addCommand(row, request, db);
  const runs = [{ db, proto, command: request.raw() }];
  const shares = homes.shares();
  const beforeLast = (answers: Map<string, Locked>): Aside | 'settled' => {
    homes.note(answers);
    return homes.settled ? 'settled' : { values: homes.values(), runs };
  };
  return {
    ring: route.fence,
    shares,
    // Of two groups the second one runs it in the turn in which it is locked; with more it is quicker to ask all at once.
    ...(shares.length === 2 && { beforeLast }),
    locked: (answers): Next => {
      homes.note(answers);
      if (homes.settled) return { kind: 'settled' };
      return { kind: 'aside', group: homes.first, values: homes.values(), runs };
    },
    ran: (reply, changes): Next => {
      const effects = new Effects();
      homes.change(changes, effects);
      return { kind: 'write', effects: effects.take(), reply, decided: () => homes.moved(changes) };
    },
  };
}
