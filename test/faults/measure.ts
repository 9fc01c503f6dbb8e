// What clients saw while one fault lasted: gaps between successful writes by router and group, errors, and how long
// this process itself was held up (a gap cannot be told from that). Decides nothing about right and wrong.

/** What one fault did to clients. */
export interface Window {
  /** Longest time without a successful write on the affected groups, at any living router, ms. */
  gapMs: number;
  /** Where that was: `router group`. */
  gapAt: string;
  operations: number;
  /** Error replies and lost connections at living routers, by kind. */
  errors: Record<string, number>;
  /** Connections lost at routers that the fault took away. */
  lostWithRouter: number;
  /** Longest time that this process was held up, ms. */
  stalledMs: number;
}

const TICK_MS = 5;

/** Collects from all clients. */
export class Measure {
  private readonly last = new Map<string, number>();
  private gaps = new Map<string, number>();
  private window: Window = this.empty();
  /** Routers that a fault has taken away: what their clients see is not counted. */
  readonly down = new Set<number>();
  operations = 0;
  /** Failed commands, whoever's fault it was. */
  failures = 0;
  private lastTick = performance.now();
  private readonly timer = setInterval(() => {
    const now = performance.now();
    this.window.stalledMs = Math.max(this.window.stalledMs, now - this.lastTick - TICK_MS);
    this.lastTick = now;
  }, TICK_MS);

  private empty(): Window {
    return { gapMs: 0, gapAt: '', operations: 0, errors: {}, lostWithRouter: 0, stalledMs: 0 };
  }

  /** A write through a router was acknowledged by a group. */
  wrote(router: number, group: string): void {
    const name = `${router} ${group}`;
    const now = performance.now();
    const before = this.last.get(name);
    this.last.set(name, now);
    if (before !== undefined) this.gaps.set(name, Math.max(this.gaps.get(name) ?? 0, now - before));
  }

  done(): void {
    this.operations++;
    this.window.operations++;
  }

  failed(router: number, kind: string): void {
    this.failures++;
    if (this.down.has(router)) this.window.lostWithRouter++;
    else this.window.errors[kind] = (this.window.errors[kind] ?? 0) + 1;
  }

  /** A fault is about to begin. */
  begin(): void {
    this.window = this.empty();
    this.gaps = new Map();
  }

  /** The fault is over. @param groups those that it concerns @param without a router whose clients it concerns alone */
  end(groups: readonly string[], without: number | null): Window {
    const now = performance.now();
    const { window } = this;
    for (const [name, at] of this.last) {
      const [router, group] = name.split(' ');
      if (Number(router) === without || !groups.includes(group!)) continue;
      const gap = Math.max(this.gaps.get(name) ?? 0, now - at);
      if (gap > window.gapMs) {
        window.gapMs = gap;
        window.gapAt = name;
      }
    }
    this.window = this.empty();
    return window;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
