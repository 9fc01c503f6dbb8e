// What `towline ring` shows, as a report and as text. Only words and numbers: decides nothing.
import { type DrainProgress, type DrainRate, drainText } from '../net/drain.js';
import { chainsOf, MAX_HISTORY, type RingDocument, SLOTS } from '../ring/index.js';
import type { Report } from './report.js';
import { columns, sizeText } from './report-text.js';

/** What `towline ring show --json` prints. */
export interface RingReport {
  version: number;
  /** Slots that the group owns, and their share of all. */
  groups: { id: string; weight: number; slots: number; share: number; state: string }[];
  history: RingDocument['history'];
  /** Groups that may hold keys of slots that are others' now: how many slots that can be at most. */
  undrained: { id: string; slots: number }[];
  abandoned: string[];
  /** Removed groups that hold nothing any more: their processes may be stopped. */
  released: string[];
  rate: DrainRate;
  drain: DrainProgress | null;
}

/** Puts it together. */
export function ringReport(ring: RingDocument, { groups, drain }: Report, rate: DrainRate): RingReport {
  const owned = new Map<string, number>();
  const older = new Map<string, number>();
  const count = (counts: Map<string, number>, id: string) => counts.set(id, (counts.get(id) ?? 0) + 1);
  for (const chain of chainsOf(ring)) {
    for (const id of chain.slice(0, -1)) count(older, id);
    count(owned, chain.at(-1)!);
  }
  return {
    version: ring.version,
    groups: ring.groups.map(({ id, weight }) => {
      const slots = owned.get(id) ?? 0;
      const state = groups.find((group) => group.id === id)?.state ?? 'forming';
      return { id, weight, slots, share: slots / SLOTS, state };
    }),
    history: ring.history,
    undrained: [...older].map(([id, slots]) => ({ id, slots })),
    abandoned: ring.abandoned,
    released: ring.retired ?? [],
    rate,
    drain,
  };
}

/** The report as lines, with an end of line each. */
export function ringText(report: RingReport): string {
  const { version, groups, history, undrained, abandoned, released, rate, drain } = report;
  const lines = [`ring version ${version}${groups.length === 0 ? ': no groups' : ''}`];
  if (groups.length > 0) {
    const rows = groups.map(({ id, weight, slots, share, state }) => [
      `  ${id}`,
      String(weight),
      String(slots),
      `${(share * 100).toFixed(1)} %`,
      state,
    ]);
    lines.push(...columns([['  group', 'weight', 'slots', 'share', 'state'], ...rows]));
  }
  if (history.length > 0) {
    lines.push(
      `earlier lists whose keys have not all moved: ${history.length} of at most ${MAX_HISTORY}, oldest first`,
    );
    for (const list of history)
      lines.push(`  ${list.map(({ id, weight }) => `${id} (${weight})`).join(', ')}`);
    lines.push('may hold keys that are to move:');
    lines.push(...undrained.map(({ id, slots }) => `  ${id}: in ${slots} slots at most`));
    lines.push(`drain, at rate ${rate}: ${drainText(drain, version)}`);
  }
  if (abandoned.length > 0) lines.push(`abandoned: ${abandoned.join(', ')}`);
  if (released.length > 0) lines.push(`released, may be stopped: ${released.join(', ')}`);
  return `${lines.join('\n')}\n`;
}

const BAR = 24;

/** One line for `drain --watch`. @param secondsLeft null: not known */
export function drainLine(progress: DrainProgress, secondsLeft: number | null): string {
  const { slotsLeft, slotsTotal, keysMoved, keysPerSecond, bytesPerSecond } = progress;
  const done = slotsTotal === 0 ? 1 : Math.max(0, 1 - slotsLeft / slotsTotal);
  const bar = '#'.repeat(Math.floor(done * BAR)).padEnd(BAR, '.');
  const percent = `${Math.floor(done * 100)} %`.padStart(5);
  const speed = `${Math.round(keysPerSecond)} keys/s, ${sizeText(Math.round(bytesPerSecond))}/s`;
  return `[${bar}] ${percent}  ${keysMoved} keys moved, ${speed}, ${leftText(secondsLeft)}`;
}

function leftText(seconds: number | null): string {
  if (seconds === null) return 'time left not known';
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s left` : `${Math.floor(whole / 60)} min ${whole % 60} s left`;
}

/** What was seen of one version's drain, to tell how long it will take. */
export class TimeLeft {
  private first: DrainProgress | null = null;

  /** Seconds until nothing is left, as things go; null: nobody can tell. */
  of(now: DrainProgress): number | null {
    if (now.keysLeft !== null && now.keysPerSecond > 0) return now.keysLeft / now.keysPerSecond;
    const { first } = this;
    if (first === null || first.version !== now.version || first.mover !== now.mover) {
      this.first = now;
      return null;
    }
    const seconds = (now.at - first.at) / 1000;
    const slots = first.slotsLeft - now.slotsLeft;
    return seconds > 0 && slots > 0 ? (now.slotsLeft * seconds) / slots : null;
  }
}
