// What one router knows of how long commands take: a histogram for each command, and, above a threshold, the worst of
// each second (events `command` and `fast-command`, as Redis names them). Bounded. Pure: times come as arguments.

/** Samples kept of one event. */
const MOST_SAMPLES = 160;
/** Buckets of a histogram: bucket i ends at 1024 << i ns, the last one has no end. */
const BUCKETS = 40;

/** The worst of one second. */
export interface Sample {
  /** Seconds since 1970. */
  readonly time: number;
  /** ms. */
  readonly ms: number;
}

/** One kind of event. */
export interface LatencyEvent {
  readonly name: string;
  readonly samples: readonly Sample[];
  /** The worst ever, ms. */
  readonly worst: number;
}

/** Counts of durations of one command. */
class Histogram {
  calls = 0;
  private readonly counts = new Float64Array(BUCKETS);

  add(micros: number): void {
    const at = micros < 1.024 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log2(micros / 1.024)));
    this.counts[at]!++;
    this.calls++;
  }
  /** [end of bucket in microseconds, how many took no longer], where the second number grows. */
  cumulative(): [number, number][] {
    const found: [number, number][] = [];
    let sum = 0;
    this.counts.forEach((count, i) => {
      if (count === 0) return;
      sum += count;
      found.push([Math.floor((1024 * 2 ** i) / 1000), sum]);
    });
    return found;
  }
}

/** Latencies of one router. */
export class Latency {
  private readonly histograms: (Histogram | undefined)[] = [];
  private readonly known = new Map<string, { samples: Sample[]; worst: number }>();

  /** A command was answered. @param row index of its row */
  took(row: number, micros: number): void {
    (this.histograms[row] ??= new Histogram()).add(micros);
  }
  histogram(row: number): { calls: number; cumulative: [number, number][] } | null {
    const found = this.histograms[row];
    return found === undefined ? null : { calls: found.calls, cumulative: found.cumulative() };
  }
  /** CONFIG RESETSTAT. */
  resetHistograms(): void {
    this.histograms.length = 0;
  }

  /** Something took longer than the threshold. @param time seconds since 1970 */
  event(name: string, time: number, ms: number): void {
    let known = this.known.get(name);
    if (known === undefined) this.known.set(name, (known = { samples: [], worst: 0 }));
    const { samples } = known;
    known.worst = Math.max(known.worst, ms);
    const last = samples.at(-1);
    if (last?.time === time) samples[samples.length - 1] = { time, ms: Math.max(ms, last.ms) };
    else samples.push({ time, ms });
    if (samples.length > MOST_SAMPLES) samples.shift();
  }
  events(): LatencyEvent[] {
    return [...this.known].map(([name, { samples, worst }]) => ({ name, samples, worst }));
  }
  /** @param names none: all @returns how many events there were */
  reset(names: readonly string[]): number {
    let reset = 0;
    for (const name of names.length > 0 ? names : [...this.known.keys()])
      if (this.known.delete(name)) reset++;
    return reset;
  }
}
