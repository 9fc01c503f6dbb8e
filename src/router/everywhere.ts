// Commands that more than one group must answer: those of the table's `all` rows are asked of every group or become one
// transaction over all; those with keys in several groups become a transaction by their row's `split`.
import { Buffer } from 'node:buffer';
import type { CommandRow } from '../command/index.js';
import type { Plan } from '../commit/index.js';
import { encodeCommand, inOne, type Request, RequestParser, requestOf } from '../resp/index.js';
import type { Coordinators } from './coordinators.js';
import type { DataLane, Sink } from './data-lane.js';
import { decodeReply } from './decode.js';
import { errorReply, groupLost, MANY_SWAPS, unlessLost } from './errors.js';
import { FANS, type Fan, firstError, swappedIn, wholeCommand } from './fanout.js';
import type { EventSink } from './key-events.js';
import type { ReplyValue } from './local/index.js';
import { type Asker, planForAll, planOf, planStill } from './plan.js';
import { named, type Route } from './route.js';
import { SortPlanner } from './sort-plan.js';

/** What is needed of the router. */
export interface EverywhereOwner {
  readonly route: Route;
  /** By index of the group in the route. */
  readonly lanes: readonly DataLane[];
  readonly coordinators: Coordinators;
  readonly keyEvents: EventSink;
  lost(group: string): boolean;
  /** Does it again when the next ring is taken. */
  replan(again: () => void): void;
  random(): number;
}

function parsed(request: Buffer): Request {
  const parser = new RequestParser();
  parser.feed(request);
  if (!parser.next()) throw new Error('not a whole request');
  return parser.request;
}

/** Executes commands over several groups, or over all. */
export class Everywhere {
  constructor(private readonly owner: EverywhereOwner) {}

  /** A command over several groups. */
  transaction(row: CommandRow, request: Request, asker: Asker, answer: (reply: Buffer | null) => void): void {
    // SORT with patterns finds out, plan by plan, which keys it needs.
    const sort = named(row, request) ? new SortPlanner(row, request, asker) : null;
    this.owner.coordinators.start({
      plan: () => {
        if (sort !== null) {
          const plan = sort.plan(this.owner.route);
          return Buffer.isBuffer(plan) ? plan : this.unlessLost(plan);
        }
        const plan = planOf(this.owner.route, row, request, asker, this.owner.keyEvents.flags);
        return plan && this.unlessLost(plan);
      },
      answer,
    });
  }

  /** A command for every group. */
  everywhere(row: CommandRow, request: Request, asker: Asker, answer: (reply: Buffer) => void): void {
    const reader = FANS[row.name];
    if (reader === undefined) {
      const words = wholeCommand(row, request);
      if (typeof words === 'string') return answer(errorReply(words));
      const plan = () => {
        const { route } = this.owner;
        const swapped = row.swaps === undefined ? [] : swappedIn(route);
        if (swapped === null) return MANY_SWAPS;
        const commands = inOne([...swapped, words].map((each) => encodeCommand(each)));
        return this.unlessLost(planForAll(route, commands, asker.db, Buffer.from('+OK\r\n')));
      };
      return this.owner.coordinators.start({ plan, answer: (reply) => answer(reply!) });
    }
    const fan = reader(request, asker.proto, () => this.owner.random());
    if (Buffer.isBuffer(fan)) return answer(fan);
    this.read(fan, asker, (replies) => answer(firstError(replies) ?? fan.merge(replies)));
  }

  /** Asks every group, outside of any transaction: what each answered, or the error that says why it did not. */
  askAll(request: Buffer, db: number): Promise<Map<string, ReplyValue>> {
    const { groups } = this.owner.route;
    return new Promise((resolve) => {
      this.ask(parsed(request), { db, proto: 2 }, (replies) => {
        resolve(new Map(replies.map((reply, i) => [groups[i]!, decodeReply(reply)])));
      });
    });
  }

  /** By the route as it is now; one that meets a newer ring begins anew, since keys may have begun to move. */
  private read(fan: Fan, asker: Asker, done: (replies: Buffer[]) => void): void {
    const again = () => this.read(fan, asker, done);
    if (!this.owner.route.moving) this.ask(fan.ask, asker, done, again);
    // Counting cannot leave out what it has counted twice: nothing moves while it counts.
    else if (fan.whileStill) this.whileStill(fan.ask, asker, done);
    else this.inParts(fan.ask, asker, done, again);
  }

  /** One read of every group, under a lock that every move of a key needs. */
  private whileStill(request: Request, asker: Asker, done: (replies: Buffer[]) => void): void {
    let found: Buffer[] = [];
    const plan = () =>
      this.unlessLost(
        planStill(this.owner.route, { ...asker, command: request.raw() }, (replies) => {
          found = replies;
          return Buffer.alloc(0);
        }),
      );
    this.owner.coordinators.start({
      plan,
      answer: (reply) => done(reply!.length > 0 ? [reply!] : found),
    });
  }

  /**
   * While keys move: every group is asked for the slots that it does not own, and then for those it owns, so that a
   * key on its way is met before or after its move, or twice. Both under one version of the ring.
   */
  private inParts(
    request: Request,
    asker: Asker,
    done: (replies: Buffer[]) => void,
    again: () => void,
  ): void {
    const part = (owned: boolean) => requestOf(['TOWLINE.WITHIN', owned ? 1 : 0, request.raw()]);
    const first = (elsewhere: Buffer[]) =>
      this.ask(part(true), asker, (home) => done([...elsewhere, ...home]), again);
    this.ask(part(false), asker, first, again);
  }

  private unlessLost(plan: Plan): Plan | Buffer {
    return unlessLost(this.owner, plan);
  }

  /**
   * Sends one read to every group and collects the replies, in order of the groups.
   * @param again called instead of `done`, under the next ring, when the ring changed under it
   */
  ask(
    request: Request,
    { db, proto }: Asker,
    done: (replies: Buffer[]) => void,
    again: () => void = () => this.ask(request, { db, proto }, done),
  ): void {
    const { lanes } = this.owner;
    const replies: Buffer[] = new Array<Buffer>(lanes.length);
    let missing = lanes.length;
    let stale = false;
    if (missing === 0) return done([]);
    const lost = this.owner.route.groups.find((group) => this.owner.lost(group));
    if (lost !== undefined) return done([groupLost(lost)]);
    const finish = () => {
      if (--missing > 0) return;
      if (stale) this.owner.replan(again);
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
