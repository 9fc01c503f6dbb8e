// When does a backup try to lead, and what is it while it does not know whether it does (R5, R6)? Must never try
// before its own grace is over, nor grant anything to the primary followed while its own attempt may have succeeded.
import type { GroupConfig } from '../commit/index.js';
import type { Host } from '../net/host.js';
import type { Backup } from './backup.js';
import type { CompareAndSet } from './insync.js';

/** How often look() is to be called, ms. */
export const LOOK_MS = 50;
/** R5: how much longer the next member in order waits. */
const ORDER_MS = 100;

/** What an election needs of the node. */
export interface ElectionOptions {
  /** Own member id. */
  id: string;
  cas?: CompareAndSet;
  /**
   * Whether ZooKeeper answers at present. A member that tries to lead while it does not would wait for the outcome,
   * suspended, and stop a primary that is well: ZooKeeper alone being away stops nothing (R6). Absent: it does.
   */
  connected?(): boolean;
}

/** One member's attempts to lead. */
export class Election {
  private overSince = -1;
  /** What was sent and has an unknown outcome. */
  private tried: GroupConfig | null = null;

  constructor(
    private readonly host: Host,
    private readonly options: ElectionOptions,
  ) {}

  /**
   * R5: the k-th of the members that remain waits k x 100 ms longer than its grace, then tries.
   * @param done told the outcome when it is known: the configuration that makes this member the primary, or null;
   *   until then the backup is suspended, and afterwards as well: what becomes of it is for the caller to say
   */
  look(role: Backup, config: GroupConfig, done: (won: GroupConfig | null) => void): void {
    const { id, cas } = this.options;
    if (cas === undefined || this.tried !== null || this.options.connected?.() === false) return;
    const now = this.host.now();
    if (!role.grace.over(now)) {
      this.overSince = -1;
      return;
    }
    // The first look after a pause of this process only begins to wait: beacons may be unread.
    if (this.overSince < 0) this.overSince = now;
    const inSync = config.inSync.filter((member) => member !== config.primary);
    if (now - this.overSince < LOOK_MS + inSync.indexOf(id) * ORDER_MS) return;
    this.overSince = -1;
    role.suspend(true);
    const next = { ...config, epoch: config.epoch + 1, term: config.term + 1, primary: id, inSync };
    this.tried = next;
    cas(next, config.epoch, (result) => {
      if (this.tried !== next) return;
      this.tried = null;
      done(result === 'written' ? next : null);
    });
  }

  /**
   * A configuration was read. One of the attempt's epoch that is not its own says that it has failed, a later one that
   * its outcome matters no more: this member never led by it. Then it follows again, and what is told later is ignored.
   */
  read(role: Backup, config: GroupConfig): void {
    const { tried } = this;
    if (tried === null || config.epoch < tried.epoch) return;
    const own = config.term === tried.term && config.primary === tried.primary;
    if (own && config.epoch === tried.epoch) return;
    this.tried = null;
    role.grace.heard(this.host.now());
    role.suspend(false);
  }
}
