// What ZooKeeper holds of the drain: how far the mover is, and how fast the operator wants it. The mover writes the one,
// `towline ring drain` the other. Nothing depends on either: history shrinks only by compare-and-set on the ring.

/** Where it stands in ZooKeeper. */
export const DRAIN_PATHS = {
  progress: '/towline/drain/progress',
  rate: '/towline/drain/rate',
} as const;

/** How far the mover is, under one version of the ring. */
export interface DrainProgress {
  /** Version of the ring that it works under. */
  version: number;
  /** The router that is the mover. */
  mover: string;
  /** Slots of which some group beside the owner is not known to be empty. */
  slotsLeft: number;
  /** Such slots when this version began. */
  slotsTotal: number;
  /** Moved under this version, by this mover. */
  keysMoved: number;
  bytesMoved: number;
  keysPerSecond: number;
  bytesPerSecond: number;
  /** Keys that have not moved; null: not known. */
  keysLeft: number | null;
  /** Wall clock, ms since 1970. */
  at: number;
}

/** `auto` keeps clients' latency; `max` as fast as it goes; a number of keys per second, 0 pauses. */
export type DrainRate = 'auto' | 'max' | number;

/** What the operator asked for. */
export interface DrainRateDocument {
  rate: DrainRate;
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** Whether a document is a DrainProgress. */
export function isDrainProgress(value: unknown): value is DrainProgress {
  const it = value as Partial<DrainProgress> | null;
  return (
    typeof it === 'object' &&
    it !== null &&
    typeof it.mover === 'string' &&
    (it.keysLeft === null || isCount(it.keysLeft)) &&
    [it.version, it.slotsLeft, it.slotsTotal, it.keysMoved, it.bytesMoved].every(isCount) &&
    [it.keysPerSecond, it.bytesPerSecond, it.at].every(isCount)
  );
}

/** The rate in a document; `auto` when there is none or it makes no sense. */
export function rateIn(value: unknown): DrainRate {
  const rate = (value as Partial<DrainRateDocument> | null)?.rate;
  return rate === 'max' || isCount(rate) ? rate : 'auto';
}

/** How far the drain of a version is, in words that complete a sentence. */
export function drainText(progress: DrainProgress | null, version: number): string {
  if (progress === null || progress.version !== version) return 'no mover has reported on this ring yet';
  const { slotsLeft, slotsTotal, keysLeft, keysPerSecond } = progress;
  const keys = keysLeft === null ? '' : `, ${keysLeft} keys`;
  return `${slotsLeft} of ${slotsTotal} slots${keys} left to drain, ${Math.round(keysPerSecond)} keys/s`;
}
