// The drain: moves what nobody writes, slot by slot, and has entries of history removed when nothing needs them any
// more (design, section 2). One router of the cluster leads; that two do for a moment is safe, since every move is a
// transaction. Must never report a slot empty that a group has not called empty under the version it is planned with.
import type { Take } from '../commit/index.js';
import type { Host } from '../net/host.js';
import { SLOTS } from '../ring/index.js';
import { askEmpty } from './ask.js';
import type { Coordinators } from './coordinators.js';
import type { DataLane } from './data-lane.js';
import { errorReply } from './errors.js';
import { type Movable, type Moved, movePlan, type Step } from './move.js';
import { Pace, type Rate } from './pace.js';
import type { Route } from './route.js';
import { reported } from './settled.js';

/** Bytes of one transaction, and slots that are asked for keys at a time. */
const MOST_BYTES = 256 * 1024;
const MOST_SLOTS = 256;
/** Pause before it is looked again when there is nothing to do, or something is in the way, ms. */
const LOOK_MS = 250;
/** A round that has heard nothing for so long begins anew, ms: whatever it asked is answered, or given up, much sooner. */
const SILENCE_MS = 20_000;

/** How far a drain is. */
export interface DrainState {
  version: number;
  slotsLeft: number;
  slotsTotal: number;
  keysMoved: number;
  bytesMoved: number;
}

/** What the mover needs of its router. */
export interface MoverOwner {
  readonly route: Route;
  /** By index of the group in the route. */
  readonly lanes: readonly DataLane[];
  readonly coordinators: Coordinators;
  holding(): boolean;
  lost(group: string): boolean;
  /** A key that is too large for one message: moved in pieces. @param done told when it is over, moved or not */
  moveLarge(route: Route, source: string, key: Movable, done: (moved: Moved | null) => void): void;
  /** Removes what can go from the ring's history, if this is still its version. @param done told when it was tried */
  trim(version: number, emptyIn: (group: string, slot: number) => boolean, done: () => void): void;
}

/** Slots of one group whose keys go to one owner. */
interface Batch {
  source: number;
  owner: number;
  slots: number[];
}

/** The drain of one router, when it leads. */
export class Mover {
  private leading = false;
  private running = false;
  private stopped = false;
  /** What an earlier round still hears is not its business any more. */
  private turn = 0;
  /** When anything came of the round that is under way; monotonic, ms. */
  private heardAt = 0;
  private readonly pace: Pace;
  private work: Batch[] = [];
  /** Groups that are asked for their empty slots; true: once more, behind that. */
  private readonly learning = new Map<number, boolean>();
  /** Whether anything came of the round that is under way: else what is left is in somebody's hands. */
  private progressed = false;
  private state: DrainState = { version: 0, slotsLeft: 0, slotsTotal: 0, keysMoved: 0, bytesMoved: 0 };

  constructor(
    private readonly host: Host,
    private readonly owner: MoverOwner,
    /** Bytes of one transaction; a key that holds more moves by itself, in pieces. */
    private readonly mostBytes = MOST_BYTES,
  ) {
    this.pace = new Pace(host);
  }

  /** How far the drain of the newest ring is; null: this router does not lead it, or there is none. */
  get progress(): DrainState | null {
    return this.leading && this.owner.route.document.history.length > 0 ? { ...this.state } : null;
  }

  /** This router leads the drain from now on, or does not. */
  lead(leading: boolean): void {
    this.leading = leading;
    if (leading && !this.running) this.again(0);
  }
  setRate(rate: Rate): void {
    this.pace.setRate(rate);
  }
  stop(): void {
    this.stopped = true;
  }
  /** Called now and then. @param now monotonic, ms @returns whether it had to begin anew, having waited in vain */
  tick(now: number): boolean {
    if (!this.leading || this.stopped || now - this.heardAt < SILENCE_MS) return false;
    this.turn++;
    this.again(0);
    return true;
  }

  // ---- rounds: survey, move, trim

  private again(ms: number): void {
    this.running = true;
    this.heard();
    const { turn } = this;
    this.host.after(ms, () => {
      if (turn === this.turn) this.round();
    });
  }

  private heard(): void {
    this.heardAt = this.host.now();
  }

  /** Asks what is where; then moves it, or has history shortened. */
  private round(): void {
    this.running = false;
    if (this.stopped || !this.leading) return;
    const { owner } = this;
    const { route } = owner;
    if (route.document.history.length === 0 || owner.holding()) return this.again(LOOK_MS);
    const { turn } = this;
    this.survey(route, (empty) => {
      this.heard();
      if (turn !== this.turn) return;
      if (owner.route !== route || empty === null) return this.again(LOOK_MS);
      this.plan(route, empty);
      // The one entry there is says where they are.
      if (route.document.history.length === 1 && this.work.length > 0) return this.run(route);
      const emptyIn = (group: string, slot: number) => reported(empty.get(group), slot);
      owner.trim(route.document.version, emptyIn, () => {
        this.heard();
        if (turn !== this.turn) return;
        if (this.work.length === 0) return this.again(LOOK_MS);
        this.run(route);
      });
    });
  }

  /** Every older group's empty slots; null: one did not say. A lost group says nothing, and holds whatever it held. */
  private survey(route: Route, done: (empty: Map<string, Buffer> | null) => void): void {
    const empty = new Map<string, Buffer>();
    const asked = route.table.olderGroups.filter((group) => !this.owner.lost(route.groups[group]!));
    let missing = asked.length;
    if (missing === 0) return done(empty);
    let failed = false;
    for (const group of asked) {
      this.askEmpty(route, group, (bits) => {
        if (bits === null) failed = true;
        else empty.set(route.groups[group]!, bits);
        if (--missing === 0) done(failed ? null : empty);
      });
    }
  }

  /** A group's empty slots, which are settled from now on as far as it goes. @param done given null: it did not say */
  private askEmpty(route: Route, group: number, done: (bits: Buffer | null) => void): void {
    const lane = this.owner.lanes[group];
    if (lane === undefined || lane.full) return done(null);
    askEmpty(lane, (bits) => {
      if (bits !== null && this.owner.route === route) route.settled.addReport(group, bits);
      done(bits);
    });
  }

  /**
   * A group may have given the last keys of some slots: it is asked, so that writes there are plain ones again. One
   * question at a time; what happens meanwhile is asked for behind it.
   */
  private learn(route: Route, group: number): void {
    if (this.learning.has(group)) {
      this.learning.set(group, true);
      return;
    }
    this.learning.set(group, false);
    this.askEmpty(route, group, () => {
      const more = this.learning.get(group)!;
      this.learning.delete(group);
      if (more && !this.stopped && this.owner.route === route) this.learn(route, group);
    });
  }

  /** What there is to move, as batches of slots with the same way to go. */
  private plan(route: Route, empty: Map<string, Buffer>): void {
    const batches = new Map<number, Batch>();
    this.work = [];
    let slotsLeft = 0;
    for (let slot = 0; slot < SLOTS; slot++) {
      const older = route.table.older(slot);
      let any = false;
      for (const source of older) {
        const name = route.groups[source]!;
        if (reported(empty.get(name), slot)) continue;
        any = true;
        if (!empty.has(name)) continue;
        const owner = route.table.owners[slot]!;
        const way = source * SLOTS + owner;
        let batch = batches.get(way);
        if (batch === undefined || batch.slots.length >= MOST_SLOTS) {
          batches.set(way, (batch = { source, owner, slots: [] }));
          this.work.push(batch);
        }
        batch.slots.push(slot);
      }
      if (any) slotsLeft++;
    }
    const same = this.state.version === route.document.version;
    if (!same) this.pace.begins();
    const { keysMoved, bytesMoved, slotsTotal } = same
      ? this.state
      : { keysMoved: 0, bytesMoved: 0, slotsTotal: 0 };
    this.state = {
      version: route.document.version,
      slotsLeft,
      slotsTotal: Math.max(slotsTotal, slotsLeft),
      keysMoved,
      bytesMoved,
    };
  }

  /** Moves what was planned, several batches at a time where the rate allows; then looks again. */
  private run(route: Route): void {
    let under = 0;
    const { turn } = this;
    const next = (): void => {
      this.heard();
      if (turn !== this.turn) return;
      while (under < this.pace.parallel) {
        const batch =
          this.stopped || !this.leading || this.owner.route !== route ? undefined : this.work.shift();
        if (batch === undefined) {
          const soon = this.progressed && this.owner.route === route && this.leading;
          if (under === 0) this.again(soon ? 0 : LOOK_MS);
          return;
        }
        under++;
        this.moveBatch(route, batch, () => {
          under--;
          next();
        });
      }
    };
    this.running = true;
    this.progressed = false;
    next();
  }

  /** Moves keys of the batch's slots until there are no more, or it makes no progress. */
  private moveBatch(route: Route, batch: Batch, done: () => void): void {
    const { owner } = this;
    this.pace.wait((go) => {
      if (!go || this.stopped || !this.leading || owner.route !== route || owner.holding()) return done();
      const began = this.host.now();
      this.step(route, batch, (step) => {
        const over = (moved: Moved | null) => {
          this.heard();
          this.pace.took(moved ?? { keys: 0 }, began);
          this.state.keysMoved += moved?.keys ?? 0;
          this.state.bytesMoved += moved?.bytes ?? 0;
          // What could not be moved is met again in the next round. Whether nothing is left is asked of the group before
          // anything rests on it.
          const some = moved !== null && moved.keys > 0;
          if (some || step?.rest === false) this.progressed = true;
          if (some && !step?.rest) this.learn(route, batch.source);
          if (some && step?.rest) return this.moveBatch(route, batch, done);
          if (step?.rest === false)
            this.state.slotsLeft = Math.max(0, this.state.slotsLeft - batch.slots.length);
          done();
        };
        if (step === null || step.keys > 0 || step.large === null) over(step);
        else owner.moveLarge(route, route.groups[batch.source]!, step.large, over);
      });
    });
  }

  /** One transaction. @param done given what it came to; null: nothing was moved */
  private step(route: Route, { source, owner, slots }: Batch, done: (step: Step | null) => void): void {
    const take: Take = { slots, keys: this.pace.keysAtOnce, bytes: this.mostBytes };
    let came: Step | null = null;
    this.owner.coordinators.start({
      // Under a newer ring they may have another way to go: they are looked for anew.
      plan: () => {
        if (this.owner.route !== route) return NOT_MOVED;
        return movePlan(route, route.groups[source]!, route.groups[owner]!, take, (step) => {
          came = step;
        });
      },
      answer: (reply) => done(reply![0] === 43 ? came : null),
    });
  }
}

const NOT_MOVED = errorReply('STALE');
