// What must be true when everything is healed and answered: nothing locked, parked or in doubt, nothing waiting, and
// every copy of a group equal.
import { Primary } from '../../src/data/primary.js';
import { RingTable, slotOfText } from '../../src/ring/index.js';
import { DATABASES } from '../../src/store/index.js';
import type { Cluster, NodePlace } from './cluster.js';
import { lanesOf, lockersOf, primaryIn, recordsOf, roleOf, underWay } from './insides.js';
import { Violation } from './world.js';

/** What is still under way in a cluster that nobody asks anything; null: nothing. */
export function unsettled(cluster: Cluster): string | null {
  const found: string[] = [];
  for (const { name, router } of cluster.routers) {
    const { transactions, lanes } = underWay(router);
    if (transactions > 0) found.push(`${name} has ${transactions} transactions that have not ended`);
    for (const { group, pending } of lanes)
      if (pending > 0) found.push(`${name} waits for ${pending} replies of ${group}`);
  }
  for (const place of cluster.nodes)
    if (!cluster.abandoned(place.group)) found.push(...unsettledAt(cluster, place));
  return found.length === 0 ? null : found.join('; ');
}

function unsettledAt(cluster: Cluster, place: NodePlace): string[] {
  const found: string[] = [];
  const role = roleOf(place.node);
  const { name } = place.host;
  const config = cluster.directory.config(place.group)!;
  // A spare that nobody let in is nobody, and has nothing.
  if (!place.hotfix && place.wanted !== place.id) {
    if (role !== null || config.inSync.includes(place.id)) return [`${name} is a spare, and has a role`];
    return [];
  }
  if (role === null) return [`${name} has no role`];
  // Whoever lives is in sync again.
  if (!config.inSync.includes(place.id) || !place.node.serving)
    found.push(`${place.id} is not in sync and serving: ${JSON.stringify(config)}`);
  const { transactions } = role;
  if (transactions.locks.size > 0) found.push(`${name} has locks of ${lockersOf(transactions).join(', ')}`);
  if (transactions.size > 0) found.push(`${name} remembers ${recordsOf(transactions).join(', ')}`);
  if (role instanceof Primary) {
    if (role.log.committed !== role.log.head)
      found.push(`${name} is at ${role.log.committed} of ${role.log.head}`);
    for (const lane of lanesOf(role)) {
      const parked = lane.parkedCount + lane.parked.size + lane.single.size;
      if (parked > 0) found.push(`${name} has ${parked} parked commands of ${lane.router}`);
      if (lane.holds) found.push(`${name} holds replies to ${lane.router}`);
    }
  } else {
    const leader = cluster.nodes.find(({ id }) => id === config.primary);
    const head = leader && primaryIn(leader.node)?.log.head;
    if (role.log.applied !== head) found.push(`${name} has applied ${role.log.applied} of ${head}`);
  }
  return found;
}

/** Every copy of each group is equal, key by key, over all databases. */
export function atRest(cluster: Cluster): void {
  for (const group of cluster.shape.groups) {
    if (cluster.abandoned(group)) continue;
    const primary = cluster.primaryOf(group)!;
    const expected = contents(primary);
    for (const place of cluster.membersOf(group)) {
      if (roleOf(place.node) === null) continue;
      const found = contents(place);
      for (const name of new Set([...expected.keys(), ...found.keys()])) {
        const [a, b] = [expected.get(name), found.get(name)];
        if (a !== b) {
          throw new Violation(
            `copies differ: ${name} is ${show(a)} on ${primary.host.name}, ${show(b)} on ${place.host.name}`,
          );
        }
      }
    }
  }
}

/** R1: every key is in one group, and that group is in the chain of its slot. */
export function oneHome(cluster: Cluster): void {
  const table = new RingTable(cluster.directory.ring);
  const homes = new Map<string, string>();
  for (const group of cluster.shape.groups) {
    const primary = cluster.primaryOf(group);
    if (primary === undefined || cluster.abandoned(group)) continue;
    for (const name of contents(primary).keys()) {
      const other = homes.get(name);
      if (other !== undefined) throw new Violation(`R1: ${name} is in ${other} and in ${group}`);
      homes.set(name, group);
      const slot = slotOfText(name.slice(name.indexOf('/') + 1));
      const chain = [...table.older(slot), table.owners[slot]!].map((index) => table.groups[index]);
      if (!chain.includes(group))
        throw new Violation(`R1: ${name} is in ${group}, its chain is ${chain.join(' ')}`);
    }
  }
}

const show = (payload: string | undefined): string =>
  payload === undefined ? 'absent' : JSON.stringify(payload);

function contents({ node }: NodePlace): Map<string, string> {
  const found = new Map<string, string>();
  for (const { db, key } of node.store.snapshot()) {
    found.set(`${db}/${key}`, node.store.exportKey(db, key)!.latin1Slice());
  }
  let counted = 0;
  for (let db = 0; db < DATABASES; db++) counted += node.store.dbSize(db);
  if (counted !== found.size)
    throw new Violation(`${node.options.id} counts ${counted} keys, has ${found.size}`);
  return found;
}
