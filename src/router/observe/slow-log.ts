// The slow log of one router: the newest commands that took long, with as much of their arguments as Redis keeps. Pure.

/** Arguments kept of one command, and bytes of one argument. */
const MOST_ARGUMENTS = 32;
const MOST_BYTES = 128;

/** One slow command. */
export interface SlowCommand {
  readonly id: number;
  /** Seconds since 1970. */
  readonly time: number;
  /** Microseconds. */
  readonly duration: number;
  readonly words: readonly string[];
  /** `ip:port` and name of the client. */
  readonly address: string;
  readonly name: string;
}

/** The newest of them. */
export class SlowLog {
  /** The newest first. */
  private entries: SlowCommand[] = [];
  private ids = 0;

  get length(): number {
    return this.entries.length;
  }
  /** @param count -1: all */
  newest(count: number): readonly SlowCommand[] {
    return count < 0 ? this.entries : this.entries.slice(0, count);
  }
  reset(): void {
    this.entries = [];
  }
  /** @param most entries kept */
  add(entry: Omit<SlowCommand, 'id'>, most: number): void {
    this.entries.unshift({ ...entry, words: trimmed(entry.words), id: this.ids++ });
    this.keep(most);
  }
  keep(most: number): void {
    if (this.entries.length > most) this.entries.length = most;
  }
}

function trimmed(words: readonly string[]): string[] {
  const kept = words.length > MOST_ARGUMENTS ? words.slice(0, MOST_ARGUMENTS - 1) : words;
  const shown = kept.map((word) =>
    word.length > MOST_BYTES
      ? `${word.slice(0, MOST_BYTES)}... (${word.length - MOST_BYTES} more bytes)`
      : word,
  );
  if (kept.length < words.length) shown.push(`... (${words.length - kept.length} more arguments)`);
  return shown;
}
