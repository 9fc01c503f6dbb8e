// Counters of one router, for INFO. The session adds to plain number fields; nothing here is called per byte,
// and tick() is the only place that looks at the clock (as an argument).

const SAMPLES = 16;
/** Most error prefixes told apart: what an error begins with may come from outside. */
const MAX_PREFIXES = 128;
const OTHER = 'OTHER';

/** One rate: a ring of samples taken at least SAMPLE_MS apart. */
class Rate {
  private readonly samples = new Float64Array(SAMPLES);
  private next = 0;
  private lastValue = 0;
  private lastTime = -1;

  /** @param total a counter that only grows (or starts anew); @param now monotonic ms. */
  sample(total: number, now: number): void {
    const elapsed = now - this.lastTime;
    if (this.lastTime >= 0 && elapsed > 0) {
      this.samples[this.next] = Math.max(0, ((total - this.lastValue) * 1000) / elapsed);
      this.next = (this.next + 1) % SAMPLES;
    }
    this.lastValue = total;
    this.lastTime = now;
  }
  /** Mean of the samples, per second. */
  get perSecond(): number {
    let sum = 0;
    for (const sample of this.samples) sum += sample;
    return sum / SAMPLES;
  }
  clear(): void {
    this.samples.fill(0);
    this.lastValue = 0;
  }
}

/** How often tick() is to be called, ms. */
export const SAMPLE_MS = 100;

/** Counters since the start or the last CONFIG RESETSTAT. */
export class Statistics {
  /** Commands dispatched, local ones included. */
  commands = 0;
  /** Connections accepted, and turned away at maxclients. */
  connections = 0;
  rejectedConnections = 0;
  /** Bytes from and to clients. */
  bytesIn = 0;
  bytesOut = 0;
  /** Reads from and writes to client sockets. */
  reads = 0;
  writes = 0;
  /** Clients closed for their output (client-output-buffer-limit). */
  outputLimitDisconnections = 0;
  errors = 0;
  /** Calls by index of the command's row: of the row itself, or of the subcommand's. */
  readonly calls: Float64Array;
  /** Microseconds from begin to reply, while latency-tracking is on. */
  readonly usec: Float64Array;
  /** Calls whose reply was an error, and calls turned away before execution (arity, auth). */
  readonly failed: Float64Array;
  readonly rejected: Float64Array;
  private readonly prefixes = new Map<string, number>();
  private readonly operations = new Rate();
  private readonly input = new Rate();
  private readonly output = new Rate();

  /** @param names of the rows, by their index, as `commandstats` shows them. */
  constructor(readonly names: readonly string[] = []) {
    this.calls = new Float64Array(names.length);
    this.usec = new Float64Array(names.length);
    this.failed = new Float64Array(names.length);
    this.rejected = new Float64Array(names.length);
  }

  /** Counts one read from a client's socket, and one write to it. */
  read(bytes: number): void {
    this.bytesIn += bytes;
    this.reads++;
  }
  wrote(bytes: number): void {
    this.bytesOut += bytes;
    this.writes++;
  }

  /** Counts a call. @returns the index */
  call(index: number): number {
    this.commands++;
    this.calls[index]!++;
    return index;
  }
  /** Counts a call that was turned away before it was executed; of a container without a subcommand nothing is said. */
  reject(index: number): void {
    if (index >= 0) this.rejected[index]!++;
  }

  /**
   * Counts an error reply. @param text of the error, without `-`; only its first word matters
   * @param index of the row that was executed; -1: none
   */
  error(text: string, index = -1): void {
    this.errors++;
    if (index >= 0) this.failed[index]!++;
    const space = text.indexOf(' ');
    let prefix = (space < 0 ? text : text.slice(0, space)).slice(0, 32);
    if (!this.prefixes.has(prefix) && this.prefixes.size >= MAX_PREFIXES) prefix = OTHER;
    this.prefixes.set(prefix, (this.prefixes.get(prefix) ?? 0) + 1);
  }
  /** Errors by their first word. */
  get errorsByPrefix(): ReadonlyMap<string, number> {
    return this.prefixes;
  }

  /** Takes a sample of the rates; call it every SAMPLE_MS. @param now monotonic ms. */
  tick(now: number): void {
    this.operations.sample(this.commands, now);
    this.input.sample(this.bytesIn, now);
    this.output.sample(this.bytesOut, now);
  }
  /** Mean over the last 16 samples. */
  get operationsPerSecond(): number {
    return this.operations.perSecond;
  }
  get inputKbps(): number {
    return this.input.perSecond / 1024;
  }
  get outputKbps(): number {
    return this.output.perSecond / 1024;
  }

  /** CONFIG RESETSTAT. */
  reset(): void {
    this.commands = this.connections = this.rejectedConnections = 0;
    this.bytesIn = this.bytesOut = this.reads = this.writes = 0;
    this.outputLimitDisconnections = this.errors = 0;
    this.calls.fill(0);
    this.usec.fill(0);
    this.failed.fill(0);
    this.rejected.fill(0);
    this.prefixes.clear();
    this.operations.clear();
    this.input.clear();
    this.output.clear();
  }
}
