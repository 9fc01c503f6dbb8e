// Clients of this router that wait for something to pop or read. Each is registered at the owners of its keys, is told
// when one has something, and then pops by an ordinary write (R10), so that an element leaves its key only together
// with the reply that carries it. A newer ring, or a new connection to a primary, makes it register again.
import { Buffer } from 'node:buffer';
import {
  awaitedDetail,
  awaitedKeys,
  awaitedType,
  type CommandRow,
  narrowed,
  streamsOnly,
  tailKeys,
  waitOf,
} from '../command/index.js';
import type { Host } from '../net/host.js';
import { type Proto, type Request, requestOf } from '../resp/index.js';
import { ask, type BlockingAsker, isNil, lookEverywhere } from './blocking-asks.js';
import { errorReply, groupLost, NO_GROUPS } from './errors.js';
import { nilOf } from './exec-plan.js';
import type { ClientState } from './local/index.js';
import type { Asker } from './plan.js';
import { withTails } from './stream-tails.js';

/** Blocked clients of one router, and keys that one command may wait for, at most. */
const MAX_BLOCKED = 100_000;
const MAX_KEYS = 10_000;
/** The longest time that a timer takes, ms. */
const MAX_TIMER = 2 ** 31 - 1;

const TOO_MANY = errorReply('ERR too many clients of this router are blocked');
const TOO_MANY_KEYS = errorReply(`ERR a blocking command waits for at most ${MAX_KEYS} keys`);
const UNBLOCKED = errorReply('UNBLOCKED client unblocked via CLIENT UNBLOCK');

/** What is needed of the router. */
export interface BlockedOwner extends BlockingAsker {
  /** Whether no new command may be planned: a ring is about to change (R2). */
  holding(): boolean;
  transaction(row: CommandRow, request: Request, asker: Asker, answer: (reply: Buffer | null) => void): void;
}

/** A client's session. */
export interface BlockingSession {
  readonly client: ClientState;
  /** The client became blocked: its connection is watched from now on. */
  resumeLater(): void;
}

/** One blocked client. */
interface Waiter {
  readonly id: number;
  readonly client: ClientState;
  readonly row: CommandRow;
  /** With IDs in the place of `$`, once they are known. */
  request: Request;
  readonly db: number;
  readonly proto: Proto;
  /** Monotonic, ms. */
  readonly since: number;
  readonly done: (reply: Buffer) => void;
  readonly session: BlockingSession;
  /** `asking`: something of it is under way, and nothing else may be begun; `waiting`: for a key, or its time. */
  state: 'asking' | 'waiting' | 'ended';
  /** Keys that it waits for, by group, in the order in which they were told there. */
  places: Map<string, readonly string[]>;
  /** Keys that it was told of while something was under way. */
  readonly ready: Set<string>;
  /** Fence of the ring that it is registered under; -1: it must register again. */
  fence: number;
  /** What a primary says `$` stands for: counts when the attempt that it belongs to is answered, committed (R8). */
  tails: readonly string[] | null;
  /** It was executed once, and there was nothing to pop: what is wrong with its arguments would have been said. */
  tried: boolean;
  /** Its time is up; but it is executed once, however short that was. */
  late: boolean;
  /** What it is answered unless what is under way answers it: CLIENT UNBLOCK, or it is gone. */
  verdict: Buffer | null;
  cancel: () => void;
}

/** All blocked clients of one router. */
export class BlockedClients {
  private readonly waiters = new Map<number, Waiter>();
  private ids = 0;

  constructor(
    private readonly host: Host,
    private readonly owner: BlockedOwner,
  ) {}

  /**
   * A blocking command. The request must outlive it (clone() it).
   * @returns begins it; its argument is given the reply, once
   */
  begin(
    session: BlockingSession,
    row: CommandRow,
    request: Request,
  ): (done: (reply: Buffer) => void) => void {
    const { client } = session;
    const { db, proto } = client;
    return (done) => {
      if (this.waiters.size >= MAX_BLOCKED) return done(TOO_MANY);
      if (request.argc > MAX_KEYS && awaitedKeys(row, request).length > MAX_KEYS) return done(TOO_MANY_KEYS);
      const waiter: Waiter = {
        id: ++this.ids,
        client,
        row,
        request,
        db,
        proto,
        since: this.host.now(),
        done,
        session,
        state: 'asking',
        places: new Map(),
        ready: new Set(),
        fence: -1,
        tails: null,
        tried: false,
        late: false,
        verdict: null,
        cancel: () => {},
      };
      this.waiters.set(waiter.id, waiter);
      client.unblock = (how) => this.unblock(waiter, how);
      // What is wrong with a timeout is said where the command is executed.
      const timeout = waitOf(row, request);
      if (typeof timeout === 'number' && timeout > 0) this.arm(waiter, timeout);
      this.enter(waiter);
    };
  }

  // ---- what ends a wait

  private arm(waiter: Waiter, ms: number): void {
    const now = Math.min(ms, MAX_TIMER);
    waiter.cancel = this.host.after(now, () => {
      if (ms > now) return this.arm(waiter, ms - now);
      waiter.late = true;
      if (waiter.state === 'waiting') this.finish(waiter, nilOf(waiter.proto));
    });
  }

  private unblock(waiter: Waiter, how: 'timeout' | 'error' | 'gone'): boolean {
    const { blocked } = waiter.client;
    if (how !== 'gone' && !blocked) return false;
    this.end(waiter, how === 'error' ? UNBLOCKED : nilOf(waiter.proto));
    return blocked;
  }

  /** What it is answered when nothing is under way; null: it goes on. */
  private over({ verdict, late, tried, proto }: Waiter): Buffer | null {
    return verdict ?? (late && tried ? nilOf(proto) : null);
  }

  /** Ends it now, or when what is under way has come to nothing. */
  private end(waiter: Waiter, verdict: Buffer): void {
    if (waiter.state === 'waiting') this.finish(waiter, verdict);
    else waiter.verdict ??= verdict;
  }

  /** @param popped group that has struck it off by answering it */
  private finish(waiter: Waiter, reply: Buffer, popped = -1): void {
    const { client, id, places } = waiter;
    if (waiter.state === 'ended') return;
    waiter.state = 'ended';
    waiter.cancel();
    this.waiters.delete(id);
    client.blocked = false;
    client.unblock = () => false;
    const { route, lanes } = this.owner;
    for (const group of places.keys()) {
      const at = route.groups.indexOf(group);
      // Where there is no connection it is registered no more.
      if (at < 0 || at === popped || !lanes[at]!.connected) continue;
      ask(this.owner, at, requestOf(['TOWLINE.UNBLOCK', id]), waiter, false, () => {});
    }
    waiter.done(reply);
  }

  // ---- what makes it try again

  /** A newer ring is taken: primaries have ended what was registered under the older one. */
  ringChanged(): void {
    const { fence } = this.owner.route;
    for (const waiter of [...this.waiters.values()]) {
      if (waiter.state === 'waiting' && waiter.fence !== fence) this.enter(waiter);
    }
  }

  /** A primary has a new connection: what was registered over an older one is gone. */
  opened(group: string): void {
    for (const waiter of [...this.waiters.values()]) {
      if (!waiter.places.has(group)) continue;
      waiter.fence = -1;
      if (waiter.state === 'waiting') this.enter(waiter);
    }
  }

  /**
   * A primary says something to a blocked client. `TOWLINE.READY id position`: the key at this position of those that
   * it waits for in the group has something. `TOWLINE.TAILS id (ID)...`: what to read behind, `$` being no ID.
   */
  said(group: string, [verb, id, ...rest]: readonly string[]): void {
    const waiter = this.waiters.get(Number(id));
    if (waiter === undefined) return;
    if (verb === 'TOWLINE.TAILS') {
      waiter.tails = rest;
      return;
    }
    const key = waiter.places.get(group)?.[Number(rest[0])];
    if (key === undefined) return;
    waiter.ready.add(key);
    if (waiter.state === 'waiting') this.settle(waiter);
  }

  /** Does it by the route as it is, or by the next one if that is about to be taken. */
  private planned(waiter: Waiter, work: () => void): void {
    waiter.state = 'asking';
    if (this.owner.holding()) this.owner.replan(() => this.settle(waiter));
    else work();
  }

  /** Nothing is under way: what next? */
  private settle(waiter: Waiter): void {
    const { client, ready } = waiter;
    if (waiter.state === 'ended') return;
    const verdict = this.over(waiter);
    if (verdict !== null) return this.finish(waiter, verdict);
    if (waiter.fence !== this.owner.route.fence) return this.enter(waiter);
    for (const key of ready) {
      ready.delete(key);
      return this.planned(waiter, () =>
        this.attempt(
          waiter,
          this.only(waiter, (each) => each === key),
          true,
        ),
      );
    }
    waiter.state = 'waiting';
    if (client.blocked) return;
    client.blocked = true;
    waiter.session.resumeLater();
  }

  /** The command for some of its keys. */
  private only({ row, request }: Waiter, some: (key: string) => boolean): Request {
    return narrowed(
      row,
      request,
      awaitedKeys(row, request).filter((at) => some(request.text(at))),
    );
  }

  /** Registers, and pops at once what is there. */
  private enter(waiter: Waiter): void {
    this.planned(waiter, () => {
      const { row, request, db } = waiter;
      const { route } = this.owner;
      if (route.empty) return this.finish(waiter, NO_GROUPS);
      waiter.fence = route.fence;
      waiter.ready.clear();
      const group = route.single(row, request, db);
      if (group < 0)
        return tailKeys(row, request).length > 0 ? this.findTails(waiter) : this.register(waiter);
      waiter.places = new Map([
        [route.groups[group]!, awaitedKeys(row, request).map((at) => request.text(at))],
      ]);
      this.attemptAt(waiter, group, request);
    });
  }

  /** Finds out what `$` stands for, and begins with that. */
  private findTails(waiter: Waiter): void {
    waiter.fence = -1;
    withTails(this.owner, waiter.row, waiter.request, waiter, (known) => {
      if (Buffer.isBuffer(known)) return this.finish(waiter, known);
      waiter.request = known;
      this.settle(waiter);
    });
  }

  /** It waits from now on: with the IDs that its primary has put in the place of `$`. */
  private keepTails(waiter: Waiter, ids: readonly string[]): void {
    const { row, request } = waiter;
    const keys = awaitedKeys(row, request);
    if (tailKeys(row, request).length > 0 && ids.length === keys.length)
      waiter.request = streamsOnly(request, keys, (at) => ids[keys.indexOf(at)]!);
  }

  /** Pops what is there; by a transaction where the keys are in several groups, or are not settled. */
  private attempt(waiter: Waiter, command: Request, told: boolean): void {
    const { owner } = this;
    const { row, db } = waiter;
    const group = owner.route.single(row, command, db);
    if (group >= 0) return this.attemptAt(waiter, group, command);
    owner.transaction(row, command, waiter, (reply) => {
      // One group has every key by now.
      if (reply === null) this.planned(waiter, () => this.attempt(waiter, command, told));
      else if (!isNil(reply)) this.finish(waiter, reply);
      else {
        waiter.tried = true;
        // Whoever told it must hear that it has come: it registers again, where it was.
        if (told) waiter.fence = -1;
        this.settle(waiter);
      }
    });
  }

  private attemptAt(waiter: Waiter, group: number, command: Request): void {
    const { owner } = this;
    const { groups } = owner.route;
    if (!owner.lanes[group]!.connected && owner.lost(groups[group]!)) {
      return this.finish(waiter, groupLost(groups[group]!));
    }
    const message = requestOf(['TOWLINE.TRY', waiter.id, this.waited(waiter), command.raw()]);
    ask(owner, group, message, waiter, waiter.row.write, (reply) => {
      const { tails } = waiter;
      waiter.tails = null;
      if (reply === null) owner.replan(() => this.settle(waiter));
      else if (isNil(reply)) {
        waiter.tried = true;
        if (tails !== null) this.keepTails(waiter, tails);
        this.settle(waiter);
      } else this.finish(waiter, reply, group);
    });
  }

  /** Registers at the owner of each key, and looks there and in unsettled older groups (R1). */
  private register(waiter: Waiter): void {
    const { owner } = this;
    const { row, request } = waiter;
    const wanted = awaitedKeys(row, request).map((at) => ({
      key: request.text(at),
      detail: awaitedDetail(row, request, at),
    }));
    const keys = [...new Set(wanted.map(({ key }) => key))];
    const head = { id: waiter.id, waited: this.waited(waiter), type: awaitedType(row) };
    waiter.places = lookEverywhere(owner, head, wanted, waiter, (found) => {
      if (found === null) return owner.replan(() => this.settle(waiter));
      if (Buffer.isBuffer(found)) return this.finish(waiter, found);
      const { there, others } = found;
      // Once at least, so that what is wrong with its arguments is said.
      const some = keys.some((key) => there.has(key) || (!waiter.tried && !others.has(key)));
      waiter.tried ||= !some;
      if (this.over(waiter) !== null || !some) return this.settle(waiter);
      // All of them, in their order: one that was empty may not be so any more.
      const command = others.size === 0 ? request : this.only(waiter, (key) => !others.has(key));
      this.planned(waiter, () => this.attempt(waiter, command, there.size > 0));
    });
  }

  private waited({ since }: Waiter): number {
    return Math.max(0, Math.floor(this.host.now() - since));
  }
}
