// What ZooKeeper says about the cluster, delivered as it changes: the ring, and the configuration of every group that
// it names. Nothing on the data path waits for it; what was last delivered stays in force while ZooKeeper is away.
import { type GroupConfig, isGroupConfig, type Registration } from '../commit/index.js';
import type { RingDocument } from '../ring/index.js';
import { CasDocument, DocumentView, MembershipView, type ZooKeeper } from '../zookeeper/index.js';

/** Where things are in ZooKeeper (design, section 5). */
export const PATHS = {
  ring: '/towline/ring',
  config: (group: string) => `/towline/groups/${group}/config`,
  members: (group: string) => `/towline/groups/${group}/members`,
  routers: '/towline/routers',
} as const;

/** Pause before what could not be read is read again, ms. */
const AGAIN_MS = 200;

/** Who wants to know. Called in a turn of its own, never from within a call to the directory. */
export interface DirectoryListener {
  ring(document: RingDocument): void;
  /** @param origin ZooKeeper's transaction that created the configuration's node: another one, another configuration */
  config(group: string, config: GroupConfig, origin: bigint): void;
  /** A group has no configuration, or no longer one. Absent: not asked for. */
  absent?(group: string): void;
  /** Who is registered in a group; the group's configuration has been read, and told, since. Absent: not asked for. */
  members?(group: string, members: readonly Registration[]): void;
}

/** Watches ring and configurations. */
export class Directory {
  private readonly ringView: DocumentView<RingDocument>;
  private readonly configs = new Map<string, DocumentView<GroupConfig>>();
  private readonly members: MembershipView<Registration>[] = [];
  private stopped = false;
  /** The ring that was delivered last. */
  ring: RingDocument | null = null;

  constructor(
    private readonly zk: ZooKeeper,
    private readonly listener: DirectoryListener,
  ) {
    this.ringView = new DocumentView<RingDocument>(zk, PATHS.ring, (found) => {
      if (found === null || this.stopped) return;
      for (const group of groupsOf(found.value)) this.watch(group);
      this.ring = found.value;
      this.listener.ring(found.value);
    });
  }

  /** Resolves when the ring has been read for the first time (there may be none yet). */
  start(): Promise<void> {
    return this.ringView.start();
  }

  /** Watches a group that the ring may not name yet. */
  watch(group: string): void {
    if (this.configs.has(group) || this.stopped) return;
    const view = new DocumentView<GroupConfig>(this.zk, PATHS.config(group), (found) => {
      if (found === null) this.listener.absent?.(group);
      else if (isGroupConfig(found.value)) this.listener.config(group, found.value, found.czxid);
    });
    this.configs.set(group, view);
    // It retries by itself; only stop() ends it without a reading.
    view.start().catch(() => {});
    if (this.listener.members === undefined) return;
    let newest: readonly Registration[] = [];
    const members = new MembershipView<Registration>(this.zk, PATHS.members(group), (all) => {
      const list = all.map(({ info }) => info);
      newest = list;
      void this.tellMembers(group, list, () => newest === list);
    });
    this.members.push(members);
    members.start().catch(() => {});
  }

  /**
   * A list of members that is newer than the configuration known here would make a group seem lost (R5): the
   * configuration is read, and told, first.
   */
  private async tellMembers(
    group: string,
    list: readonly Registration[],
    newest: () => boolean,
  ): Promise<void> {
    const document = new CasDocument<GroupConfig>(this.zk, PATHS.config(group));
    while (newest() && !this.stopped) {
      // A group that is being created has no configuration yet; what cannot be read now is read later.
      const found = await document.read().catch(() => undefined);
      if (!newest() || this.stopped) return;
      if (found && isGroupConfig(found.value)) this.listener.config(group, found.value, found.czxid);
      if (found !== undefined) return this.listener.members?.(group, list);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref());
    }
  }

  /** Somebody spoke of something newer: reads everything again now. */
  refresh(): void {
    this.ringView.refresh();
    for (const view of this.configs.values()) view.refresh();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([this.ringView, ...this.configs.values(), ...this.members].map((view) => view.stop()));
  }
}

/** Every group that ring or history names, each once. */
function groupsOf({ groups, history }: RingDocument): string[] {
  return [...new Set([groups, ...history].flat().map(({ id }) => id))];
}
