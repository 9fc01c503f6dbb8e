// Puts together what `status` shows: ZooKeeper's tree, and what each process answers when asked. What a process says
// of itself is shown as it says it; a member that is silent is `unreachable`. Decides nothing.
import type { DrainProgress } from '../net/drain.js';
import { type RingGroup, type Standing, standingOf } from '../ring/index.js';
import { askStatus } from './ask.js';
import { Failure } from './failure.js';
import type { Registered, Tree } from './tree.js';

/** A member of a group; counts are `null` where it did not answer. */
export interface MemberReport {
  id: string;
  /** host:port */
  address: string;
  pid: number;
  role: 'primary' | 'backup' | 'candidate' | 'spare';
  /** The node's own word, or `unreachable`. */
  state: string;
  keys: number | null;
  bytes: number | null;
  seq: number | null;
  /** Why it needs an operator, in its own words. */
  error: string | null;
}

/** A group. */
export interface GroupReport {
  id: string;
  epoch: number;
  /** Where it stands in the ring; `released`: it holds nothing any more, and its processes may be stopped. */
  ring: Standing;
  /**
   * `forming`: no configuration yet. `forgotten`: none any more, and members hold data. `lost`: no in-sync member is
   * registered. `electing`: its primary is silent.
   */
  state: 'serving' | 'electing' | 'lost' | 'forming' | 'forgotten';
  primary: string | null;
  inSync: string[];
  members: MemberReport[];
}

/** What `towline status --json` prints. */
export interface Report {
  ring: {
    version: number;
    groups: RingGroup[];
    history: RingGroup[][];
    abandoned: string[];
    retired: string[];
  };
  /** What the mover said last of the ring as it is; null: nothing, or there is nothing to drain. */
  drain: DrainProgress | null;
  groups: GroupReport[];
  routers: { id: string; address: string; pid: number }[];
}

/** How long a process may take to answer, ms. */
const ASK_MS = 1000;

const addressOf = ({ host, port }: Registered) => `${host}:${port}`;
const count = (value: unknown) => (typeof value === 'number' ? value : null);

async function memberReport(group: Tree['groups'][number], member: Registered): Promise<MemberReport> {
  const { config } = group;
  const byConfig =
    config?.primary === member.id ? 'primary' : config?.inSync.includes(member.id) ? 'backup' : 'spare';
  const known = { id: member.id, address: addressOf(member), pid: member.pid };
  try {
    const answer = await askStatus({ host: member.host, port: member.port, timeoutMs: ASK_MS });
    return {
      ...known,
      role: ['primary', 'backup', 'candidate', 'spare'].includes(String(answer['role']))
        ? (answer['role'] as MemberReport['role'])
        : byConfig,
      state: String(answer['state'] ?? 'unknown'),
      keys: count(answer['keys']),
      bytes: count(answer['bytes']),
      seq: count(answer['seq']),
      error: typeof answer['error'] === 'string' ? answer['error'] : null,
    };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return {
      ...known,
      role: byConfig,
      state: 'unreachable',
      keys: null,
      bytes: null,
      seq: null,
      error: null,
    };
  }
}

async function groupReport(group: Tree['groups'][number], ring: Standing): Promise<GroupReport> {
  const { id, config } = group;
  const members = await Promise.all(group.members.map((member) => memberReport(group, member)));
  if (config === null) {
    const held = members.some(({ role }) => role === 'primary' || role === 'backup');
    const state = held ? 'forgotten' : 'forming';
    return { id, epoch: 0, ring, state, primary: null, inSync: [], members };
  }
  const primary = members.find((member) => member.id === config.primary);
  const serves = primary !== undefined && primary.state !== 'unreachable' && primary.role === 'primary';
  const left = members.some((member) => config.inSync.includes(member.id));
  const state = serves ? 'serving' : left ? 'electing' : 'lost';
  const { epoch, primary: leads, inSync } = config;
  return { id, epoch, ring, state, primary: leads, inSync, members };
}

/** Asks every member of the tree, all at once; takes about a second when some are silent. */
export async function reportOf(tree: Tree): Promise<Report> {
  const { version, groups, history, abandoned, retired = [] } = tree.ring;
  const current = history.length > 0 && tree.drain?.version === version;
  return {
    ring: { version, groups, history, abandoned, retired },
    drain: current ? tree.drain : null,
    groups: await Promise.all(
      tree.groups.map((group) => groupReport(group, standingOf(tree.ring, group.id))),
    ),
    routers: tree.routers.map((router) => ({ id: router.id, address: addressOf(router), pid: router.pid })),
  };
}
