// When each unanswered command of one client began, which it is, and where its bytes are: what the slow log and the
// latency histograms need. Slots are used again, so that nothing is made for a command. Pure.

/** Commands of one client that are under way. */
export class Timed {
  private size = 8;
  /** By number of the command, circular; row -1: none. */
  private began = new Float64Array(8);
  private rows = new Int16Array(8).fill(-1);
  private readonly buffers: (Buffer | null)[] = new Array<Buffer | null>(8).fill(null);
  private starts = new Float64Array(8);
  private ends = new Float64Array(8);

  /**
   * Command `seq` begins.
   * @param head number of the oldest one without an answer @param row index of its row @param now ms
   */
  begin(
    seq: number,
    head: number,
    row: number,
    now: number,
    command: { buffer: Buffer; start: number; end: number },
  ): void {
    while (seq - head >= this.size) this.grow(head, seq);
    const at = seq & (this.size - 1);
    this.began[at] = now;
    this.rows[at] = row;
    this.buffers[at] = command.buffer;
    this.starts[at] = command.start;
    this.ends[at] = command.end;
  }

  /** Command `seq` is answered. @returns its slot, valid until the next begin(); -1: it was not timed */
  end(seq: number): number {
    const at = seq & (this.size - 1);
    return this.rows[at] === -1 ? -1 : at;
  }
  row(slot: number): number {
    return this.rows[slot]!;
  }
  since(slot: number): number {
    return this.began[slot]!;
  }
  /** The command's bytes. */
  bytes(slot: number): Buffer {
    return this.buffers[slot]!.subarray(this.starts[slot]!, this.ends[slot]!);
  }
  clear(slot: number): void {
    this.rows[slot] = -1;
    this.buffers[slot] = null;
  }

  private grow(head: number, tail: number): void {
    const [old, mask] = [this.size, this.size * 2 - 1];
    const [began, starts, ends] = [this.began, this.starts, this.ends];
    const [rows, buffers] = [this.rows, this.buffers.slice()];
    this.size = old * 2;
    this.began = new Float64Array(this.size);
    this.starts = new Float64Array(this.size);
    this.ends = new Float64Array(this.size);
    this.rows = new Int16Array(this.size).fill(-1);
    this.buffers.length = 0;
    for (let i = 0; i < this.size; i++) this.buffers.push(null);
    for (let seq = Math.max(head, tail - old); seq < tail; seq++) {
      const [from, to] = [seq & (old - 1), seq & mask];
      this.began[to] = began[from]!;
      this.rows[to] = rows[from]!;
      this.buffers[to] = buffers[from]!;
      this.starts[to] = starts[from]!;
      this.ends[to] = ends[from]!;
    }
  }
}
