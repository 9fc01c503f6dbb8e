// Commands that more than one group must answer: those of the table's `all` rows are asked of every group or become one
// transaction over all; those with keys in several groups become a transaction by their row's `split`.
import type { CommandRow } from '../command/index.js';
import type { Plan } from '../commit/index.js';
import type { Request } from '../resp/index.js';
import type { Coordinators } from './coordinators.js';
import type { DataLane, Sink } from './data-lane.js';
import { FANS, firstError, flushCommand } from './fanout.js';
import { type Asker, planForAll, planOf } from './plan.js';
import type { Route } from './route.js';

/** What is needed of the router. */
export interface EverywhereOwner {
  readonly route: Route;
  /** By index of the group in the route. */
  readonly lanes: readonly DataLane[];
  readonly coordinators: Coordinators;
  lost(group: string): boolean;
  /** Does it again when the next ring is taken. */
  replan(again: () => void): void;
  random(): number;
}

/** The error for a command that needs a group which is lost. */
export function groupLost(group: string): Buffer {
  return Buffer.from(
    `-GROUPLOST group ${group} has lost every in-sync member; nothing was executed\r\n`,
    'latin1',
  );
}

/** Executes commands over several groups, or over all. */
export class Everywhere {
  constructor(private readonly owner: EverywhereOwner) {}

  /** A command over several groups. */
  transaction(row: CommandRow, request: Request, asker: Asker, answer: (reply: Buffer) => void): void {
    this.owner.coordinators.start({
      plan: () => this.unlessLost(planOf(this.owner.route, row, request, asker)),
      answer,
    });
  }

  /** A command for every group. */
  everywhere(row: CommandRow, request: Request, asker: Asker, answer: (reply: Buffer) => void): void {
    const reader = FANS[row.name];
    if (reader === undefined) {
      const command = flushCommand(request);
      if (command === null) return answer(Buffer.from('-ERR syntax error\r\n'));
      const plan = () =>
        this.unlessLost(planForAll(this.owner.route, command, asker.db, Buffer.from('+OK\r\n')));
      return this.owner.coordinators.start({ plan, answer });
    }
    const fan = reader(request, asker.proto, () => this.owner.random());
    if (Buffer.isBuffer(fan)) return answer(fan);
    this.ask(fan.ask, asker, (replies) => answer(firstError(replies) ?? fan.merge(replies)));
  }

  private unlessLost(plan: Plan): Plan | Buffer {
    const lost = plan.shares.find(({ group }) => this.owner.lost(group));
    return lost === undefined ? plan : groupLost(lost.group);
  }

  /** Sends one read to every group and collects the replies, in order of the groups. */
  ask(request: Request, { db, proto }: Asker, done: (replies: Buffer[]) => void): void {
    const { lanes } = this.owner;
    const replies: Buffer[] = new Array<Buffer>(lanes.length);
    let missing = lanes.length;
    let stale = false;
    if (missing === 0) return done([]);
    const lost = this.owner.route.groups.find((group) => this.owner.lost(group));
    if (lost !== undefined) return done([groupLost(lost)]);
    const finish = () => {
      if (--missing > 0) return;
      // The ring changed under it: everything is asked again.
      if (stale) this.owner.replan(() => this.ask(request, { db, proto }, done));
      else done(replies);
    };
    lanes.forEach((lane, i) => {
      const sink: Sink = {
        reply: (_seq, buffer, start, end) => {
          replies[i] = buffer.subarray(start, end);
          finish();
        },
        stale: () => {
          stale = true;
          finish();
        },
      };
      lane.send(sink, 0, request, db, proto, 0, 0, false);
    });
  }
}
