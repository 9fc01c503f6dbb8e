// CLIENT TRACKING at one router: which of its clients have read which keys, and what they are told when primaries say that
// keys have changed. While any client tracks, every primary tells every changed key (`TOWLINE.CHANGED`), over the lane on
// which it also answers. Must never keep an invalidation back: where changes may not have been told (a lane that was lost,
// another primary, another ring), and for reads that were under way, all is declared changed; too often is allowed.
import { type CommandRow, keysOf } from '../../command/index.js';
import type { ChangedKey } from '../../net/changed-message.js';
import { type Request, requestOf } from '../../resp/index.js';
import { askLane } from '../ask.js';
import type { DataLane } from '../data-lane.js';
import type { ClientState, Clients, Settings } from '../local/index.js';
import { brokenRedirect, invalidation } from './message.js';
import { type TrackingOptions, TrackingState } from './state.js';

/** What is needed of the router. */
export interface TrackingOwner {
  readonly clients: Clients;
  readonly settings: Settings;
  allLanes(): Iterable<DataLane>;
  /** Every lane is told what is wanted now. */
  notifyLanes(): void;
}

/** Bytes that a client may leave unread while it is told of changes. */
const MAX_UNREAD = 256 * 1024 * 1024;

type State = TrackingState<DataLane>;

/** Tracking clients of one router. */
export class Tracking {
  private readonly states = new Set<State>();
  /** Who has read a key, the key that was read longest ago first. */
  private readonly table = new Map<string, Set<State>>();
  /** Pairs of key and client in the table. */
  items = 0;
  /** Every primary is known to tell what changes. */
  private confirmed = false;

  constructor(private readonly owner: TrackingOwner) {
    owner.settings.onChange((names) => {
      if (names.has('tracking-table-max-keys')) this.limit();
    });
  }

  /** Whether any client tracks keys. */
  get active(): boolean {
    return this.states.size > 0;
  }
  get clients(): number {
    return this.states.size;
  }
  get keys(): number {
    return this.table.size;
  }
  get prefixes(): number {
    const all = new Set<string>();
    for (const { prefixes } of this.states) for (const prefix of prefixes) all.add(prefix);
    return all.size;
  }

  // ---- what clients ask

  /** @param done called when no change can be missed from now on; maybe at once */
  enable(client: ClientState, options: TrackingOptions, done: () => void): void {
    let state = client.tracking as State | null;
    if (state === null) {
      state = new TrackingState<DataLane>(client, options);
      client.tracking = state;
      client.untrack = () => this.disable(client);
    }
    state.options = options;
    state.broken = false;
    if (options.bcast)
      for (const prefix of options.prefixes.length > 0 ? options.prefixes : ['']) state.prefixes.add(prefix);
    const first = !this.active;
    this.states.add(state);
    if (first) this.owner.notifyLanes();
    if (this.confirmed) done();
    else this.whenTold(done);
  }

  disable(client: ClientState): void {
    const state = client.tracking as State | null;
    if (state === null) return;
    client.tracking = null;
    client.untrack = () => {};
    this.states.delete(state);
    if (this.active) return;
    this.table.clear();
    this.items = 0;
    this.confirmed = false;
    this.owner.notifyLanes();
  }

  /** Each lane answers a message behind the one that says what is wanted. */
  private whenTold(done: () => void): void {
    const lanes = [...this.owner.allLanes()];
    let missing = lanes.length;
    const told = () => {
      if (--missing > 0) return;
      this.confirmed = this.active;
      done();
    };
    if (missing === 0) return done();
    for (const lane of lanes) askLane(lane, requestOf(['TOWLINE.STATES']), { db: 0, proto: 2 }, false, told);
  }

  // ---- what clients do

  /** A tracking client's command begins. What is queued by MULTI is read when it is executed. */
  before(client: ClientState, seq: number, row: CommandRow, request: Request): void {
    if (client.multi >= 0) return;
    this.reads(client, seq, [{ row, request }]);
    if (!row.name.startsWith('client|')) client.tracking!.caching = false;
  }

  /** These commands are executed, and answered as command `seq`. */
  reads(
    client: ClientState,
    seq: number,
    commands: readonly { readonly row: CommandRow; readonly request: Request }[],
  ): void {
    const state = client.tracking as State;
    if (!state.remembers) return;
    const keys = new Set<string>();
    for (const { row, request } of commands) {
      if (row.where !== 'keys' || !row.flags.includes('readonly')) continue;
      for (const at of keysOf(row, request)) keys.add(request.text(at));
    }
    if (keys.size === 0) return;
    state.flights.push({ seq, keys, dirty: new Set() });
    for (const key of keys) this.remember(state, key);
    this.limit();
  }

  private remember(state: State, key: string): void {
    let readers = this.table.get(key);
    if (readers === undefined) this.table.set(key, (readers = new Set()));
    if (readers.has(state)) return;
    readers.add(state);
    this.items++;
  }

  /** Replies before command `head` are in order: what changed while they were under way is told behind them. */
  answered(client: ClientState, head: number): void {
    const state = client.tracking as State;
    const { flights } = state;
    while (flights.length > 0 && flights[0]!.seq < head) {
      const { dirty } = flights.shift()!;
      if (dirty === null) this.tell(state, null);
      else for (const key of dirty) this.tell(state, [key]);
    }
  }

  /** A tracking client has sent a write. */
  wrote(client: ClientState, lane: DataLane, counter: number): void {
    const state = client.tracking as State;
    if (state.options.noloop) state.wrote(lane, counter);
  }

  // ---- what primaries tell

  changed(lane: DataLane, keys: readonly ChangedKey[] | null): void {
    if (keys === null) return this.missed();
    for (const { key, counter } of keys) this.invalidate(key, lane, counter);
    for (const state of [...this.states]) if (state.options.bcast) this.broadcast(state, lane, keys);
  }

  /** Any key may have changed. */
  missed(): void {
    if (!this.active) return;
    this.table.clear();
    this.items = 0;
    for (const state of [...this.states]) {
      for (const flight of state.flights) flight.dirty = null;
      this.tell(state, null);
    }
  }

  private invalidate(key: string, lane: DataLane | null, counter: number): void {
    const readers = this.table.get(key);
    if (readers === undefined) return;
    this.table.delete(key);
    this.items -= readers.size;
    for (const state of readers) {
      // Off, or on again, since it was read.
      if (state.client.tracking !== state || state.spares(lane, counter)) continue;
      for (const { keys, dirty } of state.flights) if (keys.has(key)) dirty?.add(key);
      this.tell(state, [key]);
    }
  }

  private broadcast(state: State, lane: DataLane, keys: readonly ChangedKey[]): void {
    const told = keys.filter(({ counter }) => !state.spares(lane, counter));
    for (const prefix of state.prefixes) {
      const names = told.filter(({ key }) => key.startsWith(prefix)).map(({ key }) => key);
      if (names.length > 0) this.tell(state, names);
    }
  }

  /** As many keys as the setting allows: those that were read longest ago count as changed. */
  private limit(): void {
    const most = this.owner.settings.values.trackingKeys;
    if (most === 0) return;
    while (this.table.size > most) this.invalidate(this.table.keys().next().value!, null, 0);
  }

  private tell(state: State, keys: readonly string[] | null): void {
    const { client, options } = state;
    if (options.redirect === 0) {
      if (client.proto === 3) send(client, invalidation(keys, 3));
      return;
    }
    const target = this.owner.clients.byId(options.redirect);
    if (target === undefined) {
      state.broken = true;
      if (client.proto === 3) send(client, brokenRedirect(options.redirect));
    } else if (target.proto === 3 || target.type === 'pubsub') send(target, invalidation(keys, target.proto));
  }
}

/** One that leaves so much unread loses its connection, and with it what it has cached. */
function send(client: ClientState, message: Buffer): void {
  if (client.pendingOutput() > MAX_UNREAD) client.kill();
  else client.push(message);
}
