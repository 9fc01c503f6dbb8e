// The kinds of fault: what each does to the cluster, and how it is undone. Each ends with everything that it took
// away started or passing again; that the cluster becomes whole is the runner's business.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../sim/random.js';
import type { Cluster, Node } from './cluster.js';
import type { Measure } from './measure.js';
import { startSlowLink } from './slow.js';

/** What a fault works on. */
export interface Scene {
  cluster: Cluster;
  measure: Measure;
  random: Random;
  /** The only group that is to be hit; null: any. */
  group: string | null;
  /** How long ZooKeeper stays away, ms. */
  awayMs: number;
  note(text: string): void;
}

/** What it concerned. */
export interface Concerned {
  groups: readonly string[];
  /** A router whose clients it concerns alone; null: none. */
  router: number | null;
}

/** One kind of fault. */
export interface Kind {
  name: string;
  needs?: 'namespaces' | 'three-zookeepers' | 'three-members';
  inject(scene: Scene): Promise<Concerned>;
}

type Target = 'primary' | 'backup';

async function pick(
  { cluster, random, group: wanted }: Scene,
  target: Target,
): Promise<{ group: string; node: Node; other: Node }> {
  const group = wanted ?? random.pick(cluster.groups);
  const { primary, backups } = await cluster.roles(group);
  const backup = random.pick(backups);
  return target === 'primary'
    ? { group, node: primary, other: backup }
    : { group, node: backup, other: primary };
}

const only = (group: string): Concerned => ({ groups: [group], router: null });

function kill(target: Target): Kind {
  return {
    name: `SIGKILL ${target}`,
    async inject(scene) {
      const { group, node } = await pick(scene, target);
      scene.note(node.name);
      node.role.signal('SIGKILL');
      await sleep(scene.random.between(300, 1500));
      await scene.cluster.restartNode(node);
      return only(group);
    },
  };
}

function terminate(target: Target): Kind {
  return {
    name: `SIGTERM ${target}`,
    async inject(scene) {
      const { group, node } = await pick(scene, target);
      scene.note(node.name);
      node.role.signal('SIGTERM');
      await node.role.exited;
      await sleep(300);
      await scene.cluster.restartNode(node);
      return only(group);
    },
  };
}

function freeze(target: Target, name: string, from: number, to: number): Kind {
  return {
    name: `SIGSTOP ${target} ${name}`,
    async inject(scene) {
      const { group, node } = await pick(scene, target);
      const ms = scene.random.between(from, to);
      scene.note(`${node.name} for ${Math.round(ms)} ms`);
      node.role.signal('SIGSTOP');
      await sleep(ms);
      node.role.signal('SIGCONT');
      return only(group);
    },
  };
}

/** R4: the backup lags when the primary dies, and is the one that takes over if it is the first. */
const killAhead: Kind = {
  name: 'SIGSTOP backups 300 ms, SIGKILL primary meanwhile',
  async inject(scene) {
    const { cluster } = scene;
    const { group, node } = await pick(scene, 'primary');
    const { backups } = await cluster.roles(group);
    for (const { role } of backups) role.signal('SIGSTOP');
    await sleep(300);
    node.role.signal('SIGKILL');
    for (const { role } of backups) role.signal('SIGCONT');
    await cluster.restartNode(node);
    return only(group);
  },
};

/** R6 where it is hardest: a router that hears nothing of the new configuration goes on asking the old primary. */
const freezeUnseen: Kind = {
  name: 'SIGSTOP primary 5 s, one router blind',
  async inject(scene) {
    const { cluster, random } = scene;
    const { group, node } = await pick(scene, 'primary');
    const blind = random.below(cluster.routers.length);
    scene.note(`${node.name}, router/${blind}`);
    cluster.proxies[blind]!.delay(Number.POSITIVE_INFINITY);
    node.role.signal('SIGSTOP');
    await sleep(5000);
    node.role.signal('SIGCONT');
    // Long enough for a stale answer, short enough for the deadline of what waits.
    await sleep(1500);
    cluster.proxies[blind]!.delay(0);
    return { groups: [group], router: blind };
  },
};

function routerFault(name: string, act: (scene: Scene, index: number) => Promise<void>): Kind {
  return {
    name: `${name} router`,
    async inject(scene) {
      const { cluster, measure, random } = scene;
      const index = random.below(cluster.routers.length);
      scene.note(`router/${index}`);
      measure.down.add(index);
      await act(scene, index);
      return { groups: cluster.groups, router: index };
    },
  };
}

const endRouter = (signal: NodeJS.Signals) => async (scene: Scene, index: number) => {
  scene.cluster.routers[index]!.signal(signal);
  await sleep(scene.random.between(300, 1500));
  await scene.cluster.restartRouter(index);
};

const freezeRouter = (from: number, to: number) => async (scene: Scene, index: number) => {
  const role = scene.cluster.routers[index]!;
  role.signal('SIGSTOP');
  await sleep(scene.random.between(from, to));
  role.signal('SIGCONT');
};

const all = (scene: Scene): Concerned => ({ groups: scene.cluster.groups, router: null });

const zookeepers: Kind[] = [
  {
    name: 'SIGKILL one ZooKeeper of three',
    needs: 'three-zookeepers',
    async inject(scene) {
      const server = scene.random.pick(scene.cluster.ensemble.servers);
      server.signal('SIGKILL');
      await sleep(scene.random.between(500, 2000));
      await server.restart();
      return all(scene);
    },
  },
  {
    name: 'SIGSTOP one ZooKeeper of three 3-5 s',
    needs: 'three-zookeepers',
    async inject(scene) {
      const server = scene.random.pick(scene.cluster.ensemble.servers);
      server.signal('SIGSTOP');
      await sleep(scene.random.between(3000, 5000));
      server.signal('SIGCONT');
      return all(scene);
    },
  },
  {
    name: 'SIGSTOP all of ZooKeeper',
    async inject(scene) {
      scene.note(`for ${scene.awayMs} ms`);
      const { servers } = scene.cluster.ensemble;
      for (const server of servers) server.signal('SIGSTOP');
      await sleep(scene.awayMs);
      for (const server of servers) server.signal('SIGCONT');
      return all(scene);
    },
  },
  {
    name: 'ZooKeeper 200 ms away from one router',
    async inject(scene) {
      const proxy = scene.random.pick(scene.cluster.proxies);
      proxy.delay(200);
      await sleep(3000);
      proxy.delay(0);
      return all(scene);
    },
  },
];

const several: Kind[] = [
  {
    name: 'SIGKILL primary of every group',
    async inject(scene) {
      const { cluster } = scene;
      const primaries = await Promise.all(
        cluster.groups.map(async (group) => (await cluster.roles(group)).primary),
      );
      for (const { role } of primaries) role.signal('SIGKILL');
      await sleep(500);
      await Promise.all(primaries.map((node) => cluster.restartNode(node)));
      return all(scene);
    },
  },
  {
    name: 'SIGKILL primary and a router',
    async inject(scene) {
      const { cluster, measure, random } = scene;
      const { group, node } = await pick(scene, 'primary');
      const index = random.below(cluster.routers.length);
      measure.down.add(index);
      node.role.signal('SIGKILL');
      cluster.routers[index]!.signal('SIGKILL');
      await sleep(500);
      await Promise.all([cluster.restartNode(node), cluster.restartRouter(index)]);
      return { groups: [group], router: index };
    },
  },
  {
    name: 'SIGKILL primary, then the next one',
    needs: 'three-members',
    async inject(scene) {
      const { cluster } = scene;
      const { group, node } = await pick(scene, 'primary');
      node.role.signal('SIGKILL');
      for (;;) {
        await sleep(50);
        const next = (await cluster.members(group)).find(
          ({ node: other, status }) => other !== node && status?.role === 'primary',
        );
        if (next === undefined || next.status?.state !== 'serving') continue;
        // The candidate may be in the middle of its sync.
        const first = cluster.restartNode(node);
        await sleep(scene.random.between(0, 400));
        const backups = (await cluster.members(group)).filter(({ status }) => status?.role === 'backup');
        if (backups.length > 0) {
          next.node.role.signal('SIGKILL');
          await first;
          await cluster.restartNode(next.node);
        } else await first;
        return only(group);
      }
    },
  },
];

function cut(name: string, target: Target, act: (scene: Scene, node: Node, other: Node) => void): Kind {
  return {
    name,
    needs: 'namespaces',
    async inject(scene) {
      const { group, node, other } = await pick(scene, target);
      const ms = scene.random.between(2500, 4500);
      scene.note(`${node.name} (${other.name}) for ${Math.round(ms)} ms`);
      act(scene, node, other);
      await sleep(ms);
      scene.cluster.shape.network!.heal(node.name);
      return only(group);
    },
  };
}

const net = ({ cluster }: Scene) => cluster.shape.network!;
const zookeeperPorts = ({ cluster }: Scene) => cluster.ensemble.servers.map(({ port }) => port);

const network: Kind[] = [
  cut('cut off primary', 'primary', (scene, node) => net(scene).cut(node.name)),
  cut('cut off backup', 'backup', (scene, node) => net(scene).cut(node.name)),
  cut('cut primary / one backup', 'primary', (scene, node, other) =>
    net(scene).cutPair(node.name, other.name),
  ),
  cut('one-way cut primary -> backup', 'primary', (scene, node, other) =>
    net(scene).cutOneWay(node.name, other.name),
  ),
  cut('one-way cut backup -> primary', 'backup', (scene, node, other) =>
    net(scene).cutOneWay(node.name, other.name),
  ),
  cut('cut primary / ZooKeeper', 'primary', (scene, node) =>
    net(scene).cutPorts(node.name, zookeeperPorts(scene)),
  ),
  cut('lose 10 % of packets to primary', 'primary', (scene, node) => net(scene).lose(node.name, 10)),
  cut('lose 10 % of packets to backup', 'backup', (scene, node) => net(scene).lose(node.name, 10)),
];

/** R4 where it is hardest: the machine of the primary dies, with what its kernel had still to send to lagging backups. */
const machineDies: Kind = {
  name: 'machine of primary dies, backups 300 ms behind',
  needs: 'namespaces',
  async inject(scene) {
    const { cluster } = scene;
    const { group, node } = await pick(scene, 'primary');
    const backups = (await cluster.roles(group)).backups.map(({ name }) => name);
    scene.note(node.name);
    net(scene).mute(node.name, backups, false);
    await sleep(300);
    node.role.signal('SIGKILL');
    net(scene).mute(node.name, backups, true);
    // Until the kernel has tried to send the rest, and been refused.
    await sleep(2500);
    net(scene).heal(node.name);
    await cluster.restartNode(node);
    return only(group);
  },
};

/** The backup is synced, and takes part, over a slow link; then it loses it. */
const slowBackup: Kind = {
  name: 'SIGKILL backup, back 30 ms away',
  needs: 'namespaces',
  async inject(scene) {
    const { cluster } = scene;
    const { group, node } = await pick(scene, 'backup');
    const { name, host, role } = node;
    scene.note(name);
    role.signal('SIGKILL');
    const link = await startSlowLink(net(scene).prefix(name), host, role.port, 30);
    try {
      net(scene).redirect(name, role.port, link.port);
      await cluster.restartNode(node);
      if (!(await cluster.whole(20_000))) throw new Error('not synced over a slow link');
      await sleep(2000);
    } finally {
      net(scene).heal(name);
      await link.stop();
    }
    return only(group);
  },
};

/** Every kind. */
export const KINDS: readonly Kind[] = [
  kill('primary'),
  freeze('primary', '3-5 s', 3000, 5000),
  terminate('primary'),
  kill('backup'),
  freeze('backup', '3-5 s', 3000, 5000),
  freeze('primary', '300 ms', 300, 300),
  freezeUnseen,
  killAhead,
  terminate('backup'),
  freeze('backup', '300 ms', 300, 300),
  routerFault('SIGKILL', endRouter('SIGKILL')),
  routerFault('SIGTERM', endRouter('SIGTERM')),
  routerFault('SIGSTOP 3-5 s', freezeRouter(3000, 5000)),
  routerFault('SIGSTOP 300 ms', freezeRouter(300, 300)),
  ...several,
  ...zookeepers,
  ...network,
  slowBackup,
  machineDies,
];
