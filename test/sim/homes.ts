// R1 and R2 at every step: a key is readable in one group at most, and that group is in its chain; what a group called
// empty stays empty under that version of the ring; nothing planned with an older version is executed. Looks at the
// stores of the primaries that lead, after every event in which one of them changed. Must never change anything.
import type { Ask } from '../../src/commit/index.js';
import type { Primary } from '../../src/data/primary.js';
import { ownersOf, type RingGroup, slotOfText } from '../../src/ring/index.js';
import type { Cluster, NodePlace } from './cluster.js';
import { changesSoFar, isGathering, preparedIn, primaryIn, watch, writeLocked } from './insides.js';
import { Violation } from './world.js';

/** A key that clients use. */
export interface Name {
  readonly db: number;
  readonly key: string;
}

interface Known extends Name {
  readonly slot: number;
}

/** What a group said that it holds nothing of, under the ring of one fence. */
interface Claims {
  fence: number;
  slots: Uint8Array;
  keys: Set<string>;
}

/** Owners of the slots under a list of groups; lists come again. */
const owners = new Map<string, Uint16Array>();
export function ownerIn(list: readonly RingGroup[], slot: number): string {
  const name = list.map(({ id, weight }) => `${id} ${weight}`).join(' ');
  let known = owners.get(name);
  if (known === undefined) {
    if (owners.size > 500) owners.clear();
    owners.set(name, (known = ownersOf(list)));
  }
  return list[known[slot]!]!.id;
}

/** The homes of all keys of one run. */
export class Homes {
  private readonly names: Known[];
  /** By version of the ring and slot. */
  private readonly chains = new Map<string, readonly string[]>();
  private version = -1;
  private seen = -1;
  private readonly claims = new Map<string, Claims>();
  /** Transaction -> fence of the ring that its locks were asked for with. */
  private readonly planned = new Map<string, number>();

  /** @param plannedWith fence that a plain command was planned with; undefined: it was never sent */
  constructor(
    private readonly cluster: Cluster,
    names: readonly Name[],
    plannedWith: (node: string, router: string, counter: number) => number | undefined,
  ) {
    this.names = names.map(({ db, key }) => ({ db, key, slot: slotOfText(key) }));
    const { world } = cluster;
    world.afterEach = () => this.look();
    watch(world, {
      executes: (primary, router, counter) => {
        const place = cluster.member(primary.id);
        if (place === undefined) return;
        this.fence(primary, plannedWith(place.host.name, router, counter), `${router}:${counter}`);
      },
      grants: (primary, txn) => this.fence(primary, this.planned.get(txn), `the locks of ${txn}`),
    });
    cluster.directory.listeners.add((group, before, next) => {
      this.seen = -1;
      if (before.created !== next.created) this.claims.delete(group);
    });
  }

  // ---- R1

  /** After an event. */
  private look(): void {
    const { ring } = this.cluster.directory;
    const changes = changesSoFar();
    if (this.seen === changes && this.version === ring.version) return;
    this.seen = changes;
    this.version = ring.version;
    const leading = this.leading();
    for (const name of this.names) {
      let readable = '';
      for (const { group, primary } of leading) {
        if (primary.store.peek(name.db, name.key) === undefined) continue;
        this.mayHold(group, primary, name);
        if (writeLocked(primary, name.db, name.key)) continue;
        if (readable !== '')
          throw new Violation(`R1: ${name.db}/${name.key} is readable in ${readable} and in ${group}`);
        readable = group;
      }
    }
  }

  /** Every group's primary that serves now. */
  private leading(): { group: string; primary: Primary }[] {
    const { directory, shape } = this.cluster;
    return shape.groups.flatMap((group) => {
      const place = this.cluster.primaryOf(group);
      const primary = place?.host.alive ? primaryIn(place.node) : null;
      if (!primary || isGathering(primary) || primary.term !== directory.config(group)!.term) return [];
      return directory.ring.abandoned.includes(group) ? [] : [{ group, primary }];
    });
  }

  private mayHold(group: string, primary: Primary, { db, key, slot }: Known): void {
    const chain = this.chain(this.version, slot);
    if (!chain.includes(group))
      throw new Violation(
        `R1: ${db}/${key} is in ${group}, its chain under ring ${this.version} is ${chain.join(' ')}`,
      );
    const claims = this.claims.get(group);
    if (claims === undefined || claims.fence !== primary.ring.fence) return;
    if (claims.slots[slot] === 1)
      throw new Violation(
        `R2: ${group} called slot ${slot} empty under ring ${claims.fence}, and holds ${db}/${key}`,
      );
    if (claims.keys.has(`${db}/${key}`))
      throw new Violation(
        `R2: ${group} said ABSENT of ${db}/${key} under ring ${claims.fence}, and holds it`,
      );
  }

  /** Groups that may hold keys of the slot; of repeated ones only the last occurrence. Worked out apart from src/ring. */
  private chain(fence: number, slot: number): readonly string[] {
    const version = Math.floor(fence);
    const name = `${version} ${slot}`;
    let chain = this.chains.get(name);
    if (chain === undefined) {
      const { history, groups, abandoned } = this.cluster.directory.rings.get(version)!;
      const past = [...history, groups].map((list) => ownerIn(list, slot));
      chain = past.filter((id, i) => past.lastIndexOf(id) === i && !abandoned.includes(id));
      this.chains.set(name, chain);
    }
    return chain;
  }

  // ---- R2

  /** A group says, asked under `fence`, that it is empty in these slots. */
  empty(place: NodePlace, fence: number, isEmpty: (slot: number) => boolean): void {
    const { group, node } = place;
    const primary = primaryIn(node);
    for (const { key, slot } of this.names) {
      // Where it is the owner it may get keys, and nobody takes it at its word.
      if (!isEmpty(slot) || this.chain(fence, slot).at(-1) === group) continue;
      const claims = this.claimsOf(group, fence);
      if (claims !== null) claims.slots[slot] = 1;
      const named = `$${key.length}\r\n${key}\r\n`;
      const txn =
        primary?.ring.fence === fence &&
        preparedIn(primary).find(({ effects }) => effects.includes(named, 0, 'latin1'));
      if (txn) throw new Violation(`R2: ${group} calls slot ${slot} empty, but ${txn.txn} is prepared in it`);
    }
  }
  /** A group says that it has not got a key, for good. */
  absent({ group }: NodePlace, fence: number, db: number, key: string): void {
    this.claimsOf(group, fence)?.keys.add(`${db}/${key}`);
  }
  /** It says so to a transaction that has locked the key: for good where it is not the owner. */
  lockedAbsent(place: NodePlace, txn: string, db: number, key: string): void {
    const fence = this.planned.get(txn);
    if (fence === undefined || this.chain(fence, slotOfText(key)).at(-1) === place.group) return;
    this.absent(place, fence, db, key);
  }
  private claimsOf(group: string, fence: number): Claims | null {
    let claims = this.claims.get(group);
    if (claims === undefined || claims.fence < fence) {
      claims = { fence, slots: new Uint8Array(16384), keys: new Set() };
      this.claims.set(group, claims);
    }
    return claims.fence === fence ? claims : null;
  }

  /** A transaction asks for locks. */
  asked(ask: Ask): void {
    if (ask.kind === 'lock') this.planned.set(ask.txn, ask.ring);
  }
  private fence({ group, ring }: Primary, planned: number | undefined, what: string): void {
    if (planned !== undefined && planned < ring.fence)
      throw new Violation(`R2: ${group} knows ring ${ring.fence}, and executes ${what} of ring ${planned}`);
  }
}
