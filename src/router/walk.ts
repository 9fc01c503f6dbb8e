// A read of one key that may still live in an older group: asks the chain from the oldest group to the owner and
// takes the first hit (R1). Absence is what a group says it is, never inferred from a nil. A walk that meets STALE
// begins anew under the newer ring; it cannot outlast a ring, since the router waits for it to end.
import { databasesOf, keysOf } from '../command/index.js';
import type { CommandRow } from '../command/row.js';
import { ABSENT_KEY, ABSENT_SLOT } from '../net/absent.js';
import { type Request, requestOf } from '../resp/index.js';
import { slotOfRange } from '../ring/index.js';
import type { DataLane, Sink } from './data-lane.js';
import { groupLost } from './errors.js';
import type { Route } from './route.js';

/** What a walk needs. */
interface WalkOwner {
  /** Sends a read of this walk; the reply goes to `sink`. */
  ask(sink: Sink, lane: DataLane, request: Request): void;
  lane(group: number): DataLane;
  /** The key's group is lost: nothing can be said. */
  lost(lane: DataLane): boolean;
  ended(buffer: Buffer, start: number, end: number): void;
  stale(): void;
}

/** One read on its way along the chain. */
export class Walk implements Sink {
  private readonly key: string;
  private readonly slot: number;
  private readonly older: readonly number[];
  private at = 0;
  /** Older groups that said ABSENT for good. */
  private gone = 0;

  constructor(
    private readonly owner: WalkOwner,
    private readonly route: Route,
    row: CommandRow,
    private readonly request: Request,
    private readonly db: number,
  ) {
    const at = keysOf(row, request)[0]!;
    const { buffer, start, from, to } = request;
    this.key = request.text(at);
    this.slot = slotOfRange(buffer, start + from[at]!, start + to[at]!);
    this.older = route.settled.unsettled(this.slot, db, this.key);
  }

  /** Asks the next group; the owner is asked like any owner. */
  step(): void {
    const { owner, route, request } = this;
    const old = this.older[this.at];
    const lane = owner.lane(old ?? route.table.owners[this.slot]!);
    if (owner.lost(lane)) {
      const error = groupLost(lane.group);
      return owner.ended(error, 0, error.length);
    }
    owner.ask(this, lane, old === undefined ? request : requestOf(['TOWLINE.ASK', request.raw()]));
  }

  reply(_seq: number, buffer: Buffer, start: number, end: number): void {
    this.owner.ended(buffer, start, end);
  }

  stale(): void {
    this.owner.stale();
  }

  absent(mark: number): void {
    const { settled } = this.route;
    const { older, db, key, slot } = this;
    if (mark >= ABSENT_SLOT) settled.addEmpty(slot, older[this.at]!);
    if (mark >= ABSENT_KEY) this.gone++;
    this.at++;
    if (this.at === older.length && this.gone === older.length) settled.addKey(db, key);
    this.step();
  }
}

/** Keys that reads of one client are looking for: a later command must not meet them where they are not looked for yet. */
export class Walking {
  private readonly keys = new Map<string, number>();

  get any(): boolean {
    return this.keys.size > 0;
  }

  /** Whether the command names such a key. */
  meets(row: CommandRow, request: Request, db: number): boolean {
    const names = keysOf(row, request).map((at) => request.text(at));
    return databasesOf(row, request, db).some((each) => names.some((key) => this.keys.has(`${each}:${key}`)));
  }

  /** Begins to look for a key. The request must outlive it (clone() it). */
  start(route: Route, row: CommandRow, request: Request, db: number, owner: WalkOwner): void {
    const end = this.begin(row, request, db);
    const ending: WalkOwner = {
      ...owner,
      ended: (buffer, from, to) => {
        end();
        owner.ended(buffer, from, to);
      },
      stale: () => {
        end();
        owner.stale();
      },
    };
    new Walk(ending, route, row, request, db).step();
  }

  /** @returns to be called when it has ended */
  private begin(row: CommandRow, request: Request, db: number): () => void {
    const name = `${db}:${request.text(keysOf(row, request)[0]!)}`;
    this.keys.set(name, (this.keys.get(name) ?? 0) + 1);
    return () => {
      const left = this.keys.get(name)! - 1;
      if (left === 0) this.keys.delete(name);
      else this.keys.set(name, left);
    };
  }
}
