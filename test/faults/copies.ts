// Whether all members of a group hold the same: every key of every member, with value and expiry, as it would travel
// to another member. To be asked when no client writes.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.js';
import type { Cluster } from './cluster.js';

const DATABASES = 16;
const BATCH = 200;

async function everything(host: string, port: number): Promise<Map<string, string>> {
  const client = new Client(port, host);
  await client.ready();
  try {
    const held = new Map<string, string>();
    for (let db = 0; db < DATABASES; db++) {
      await client.send(['SELECT', String(db)]);
      const keys = (await client.send(['KEYS', '*'])) as string[];
      for (let at = 0; at < keys.length; at += BATCH) {
        const some = keys.slice(at, at + BATCH);
        const values = await Promise.all(some.map((key) => client.send(['TOWLINE.EXPORT', key])));
        some.forEach((key, i) => {
          held.set(`${db}:${key}`, String(values[i]));
        });
      }
    }
    return held;
  } finally {
    client.close();
  }
}

/** What differs, in words; empty when all copies of each group are equal. `keys` counts keys compared. */
export async function compareCopies(
  cluster: Cluster,
  groups: readonly string[],
): Promise<{ keys: number; differences: string[] }> {
  const differences: string[] = [];
  let keys = 0;
  for (const group of groups) {
    // A backup applies a moment after the answer.
    let settled = false;
    for (let tries = 0; !settled && tries < 200; tries++) {
      const members = await cluster.members(group);
      settled = members.every(({ status }) => status?.commit === status?.seq && status !== null);
      settled &&= new Set(members.map(({ status }) => status?.seq)).size === 1;
      if (!settled) await sleep(50);
    }
    if (!settled) differences.push(`${group}: the members do not come to one log position`);
    const copies = [];
    for (const { node } of await cluster.members(group))
      copies.push({ name: node.name, held: await everything(node.host, node.role.port) });
    const [first, ...others] = copies;
    keys += first!.held.size;
    for (const other of others) {
      const names = new Set([...first!.held.keys(), ...other.held.keys()]);
      const unlike = [...names].filter((key) => first!.held.get(key) !== other.held.get(key));
      if (unlike.length > 0) {
        differences.push(
          `${first!.name} and ${other.name} differ in ${unlike.length} of ${names.size} keys, such as ${unlike.slice(0, 3).join(', ')}`,
        );
      }
    }
  }
  return { keys, differences };
}
