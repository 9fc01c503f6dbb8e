// What ZooKeeper holds of a group: who leads it and who is in sync. Changed only by compare-and-set.

/** Configuration of a group, `/towline/groups/<g>/config`. */
export interface GroupConfig {
  /** Grows with every change. */
  epoch: number;
  /** Grows with every new primary. */
  term: number;
  /** Member id of the primary. */
  primary: string;
  /** Member ids in sync, the primary among them, in order of registration. */
  inSync: string[];
  /**
   * Epoch in which the group began empty: that of its creation, or of a reset after it was lost. Only in that very
   * epoch may a member that holds nothing take its place (R3). Absent: 1.
   */
  created?: number;
}

/** A process that has registered: `/towline/groups/<g>/members/*`, `/towline/routers/*`. */
export interface Registration {
  /** Unique to this start of the process (R3). */
  id: string;
  host: string;
  port: number;
  pid: number;
  /** A data node that wants to be let into its group's in-sync set by itself. */
  hotfix?: boolean;
  /** A data node that is, or was, in sync: the group is not begun anew while it is there (R3). */
  holding?: boolean;
}

/** Whether a document from ZooKeeper is a GroupConfig. */
export function isGroupConfig(value: unknown): value is GroupConfig {
  const config = value as GroupConfig | null;
  return (
    typeof config === 'object' &&
    config !== null &&
    Number.isSafeInteger(config.epoch) &&
    Number.isSafeInteger(config.term) &&
    typeof config.primary === 'string' &&
    Array.isArray(config.inSync) &&
    config.inSync.every((id) => typeof id === 'string')
  );
}

/** A member's id: where it listens, and a value unique to this start of its process (R3). */
export function memberId(host: string, port: number, unique: string): string {
  return `${host}:${port}@${unique}`;
}

/** Where the member of this id listens; null when the id is none. */
export function addressOf(member: string): { host: string; port: number } | null {
  const match = /^(.+):([0-9]{1,5})@[^@]+$/.exec(member);
  return match === null ? null : { host: match[1]!, port: Number(match[2]) };
}
