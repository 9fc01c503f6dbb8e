// What the tour shows while the clients run: shares of reads and writes and keys of each group, keys that have moved.
// On a terminal a picture that is drawn over itself, elsewhere a line now and then. Only words: measures nothing.
import type { Standing } from './load.js';

const BAR = 24;

/** One moment. */
export interface Moment {
  /** What was done since the last one, and for how long. */
  done: Standing;
  seconds: number;
  /** Keys by group; of those that answer. */
  keys: Record<string, number>;
  /** Keys that left the group they were written to first; null: none could. */
  moved: number | null;
  /** Latency at 99 %, ms. */
  p99: number;
  /** Since the beginning. */
  judgement: { lost: number; wrong: number; errors: number };
}

/** A group's part of reads and writes, 0 to 1. */
export function sharesOf({ groups }: Standing): Record<string, { reads: number; writes: number }> {
  const all = Object.values(groups);
  const sum = (kind: 'reads' | 'writes') =>
    Math.max(
      1,
      all.reduce((total, counts) => total + counts[kind], 0),
    );
  const [reads, writes] = [sum('reads'), sum('writes')];
  return Object.fromEntries(
    Object.entries(groups).map(([group, counts]) => [
      group,
      { reads: counts.reads / reads, writes: counts.writes / writes },
    ]),
  );
}

const percent = (share: number) => `${Math.round(share * 100)}%`.padStart(4);
const rate = (count: number, seconds: number) => Math.round(count / Math.max(seconds, 0.001));
const verdict = ({ lost, wrong, errors }: Moment['judgement']) =>
  `lost ${lost}, wrong ${wrong}, errors ${errors}`;

function bar(share: number): string {
  const full = Math.round(share * BAR);
  return `${'#'.repeat(full)}${'.'.repeat(BAR - full)}`;
}

/** The picture, line by line; always as many for as many groups. */
export function pictureOf(moment: Moment): string[] {
  const { done, seconds, keys, moved, p99, judgement } = moment;
  const shares = Object.entries(sharesOf(done));
  return [
    `  group  reads ${' '.repeat(BAR)}  writes ${' '.repeat(BAR)}    keys`,
    ...shares.map(
      ([group, { reads, writes }]) =>
        `  ${group.padEnd(5)} ${percent(reads)} ${bar(reads)}   ${percent(writes)} ${bar(writes)}  ` +
        `${String(keys[group] ?? '-').padStart(6)}`,
    ),
    `  ${moved === null ? 'nothing has to move' : `${moved} keys have moved`}; ` +
      `${rate(done.reads + done.writes, seconds)} commands/s, p99 ${p99.toFixed(1)} ms; ${verdict(judgement)}`,
  ];
}

/** The same in one line. */
export function lineOf({ done, keys, moved, judgement }: Moment): string {
  const groups = Object.entries(sharesOf(done)).map(
    ([group, { reads, writes }]) =>
      `${group}: ${Math.round(reads * 100)}% of reads, ${Math.round(writes * 100)}% of writes, ${keys[group] ?? '-'} keys`,
  );
  return `  ${[...groups, moved === null ? [] : `${moved} moved`, verdict(judgement)].flat().join(' | ')}`;
}

/** Where words and pictures go. */
export class Screen {
  /** Lines of the picture that stands last; 0: words came after it. */
  private drawn = 0;

  constructor(
    private readonly write: (text: string) => void,
    readonly terminal: boolean,
  ) {}

  say(...lines: string[]): void {
    this.drawn = 0;
    for (const line of lines) this.write(`${line}\n`);
  }
  /** The picture in place of the last one. */
  draw(moment: Moment): void {
    if (!this.terminal) return this.write(`${lineOf(moment)}\n`);
    const lines = pictureOf(moment);
    const up = this.drawn > 0 ? `\x1b[${this.drawn}A` : '';
    this.write(`${up}${lines.map((line) => `\x1b[2K${line}\n`).join('')}`);
    this.drawn = lines.length;
  }
}
