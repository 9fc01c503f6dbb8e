// Misfortunes at the moment of a message, which chance alone brings about too rarely: each waits for one that a router
// writes, or a data node gets, and strikes then. Delays and breaks what passes, and publishes rings; kills nobody.
import type { Cluster } from './cluster.js';
import { type End, type Link, placeName } from './network.js';
import type { Random } from './random.js';

/** What may happen, and the message that it waits for. */
const KINDS = {
  /** R10: a pipeline is executed, and its connection is lost before all of it is heard. */
  unheard: 'TOWLINE.CLIENT',
  /** R1, R2: while a read has been told by one group that the key is not there, the ring goes on, or back. */
  between: 'TOWLINE.ASK',
  /** A router has just taken a ring: what it asks of several groups reaches one of them long after the others. */
  late: '"history":',
} as const;
export type Kind = keyof typeof KINDS;

/** Waits for one moment at a time. */
export class Moments {
  private awaited: Kind | null = null;

  constructor(
    private readonly cluster: Cluster,
    private readonly random: Random,
    /** Trouble goes on. */
    private readonly on: () => boolean,
  ) {
    cluster.network.taps.push({
      wrote: (end, bytes) => {
        if (this.awaited !== null && this.awaited !== 'unheard' && end.isClient) this.look(end, bytes);
      },
      delivered: (end, bytes) => {
        if (this.awaited === 'unheard' && !end.isClient) this.look(end, bytes);
      },
    });
  }

  /** From now on, until it has happened or another one is awaited. */
  await(kind: Kind): void {
    this.awaited = kind;
    // There must be something to go back to.
    if (kind === 'between') this.cluster.changeRing(this.random);
  }

  private look({ link }: End, bytes: Uint8Array): void {
    const kind = this.awaited!;
    const [router, node] = [link.client.local, link.client.remote].map((at) => placeName(at.split(':')[0]!));
    if (router![0] !== 'r' || this.cluster.place(node!) === undefined) return;
    if (!this.on() || !Buffer.from(bytes).includes(KINDS[kind])) return;
    this.awaited = null;
    this.cluster.world.trace('chaos', kind);
    this[kind](router!, node!, link);
  }

  private unheard(router: string, node: string, link: Link): void {
    const { network, world } = this.cluster;
    const ms = this.random.between(5, 60);
    network.wall(node, router, ms);
    world.after(ms * 0.9, () => network.cut(link));
  }

  private between(router: string, asked: string): void {
    const { cluster, random } = this;
    const ms = random.between(50, 400);
    for (const { name } of cluster.nodes) if (name !== asked) cluster.network.wall(router, name, ms);
    cluster.directory.wall(router, ms);
    cluster.world.after(random.between(0, 20), () => {
      if (this.on()) cluster.changeRing(random, true);
    });
  }

  private late(router: string, first: string): void {
    const { cluster, random } = this;
    const place = cluster.primaryOf(random.pick(cluster.shape.groups));
    if (place !== undefined && place.name !== first)
      cluster.network.wall(router, place.name, random.between(20, 300));
  }
}
