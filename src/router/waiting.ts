// What of one client's commands waits, and for what: those that came back STALE for the newer ring, one that found no
// room for some, barriers for the answers before them. Keeps their order: what was taken first is planned first.
import type { Proto, Request } from '../resp/index.js';

/** A command that has its place among the replies and must be planned (again). */
export interface Planned {
  readonly seq: number;
  readonly request: Request;
  readonly db: number;
  readonly proto: Proto;
}

interface Again extends Planned {
  /** Fence of the ring that it was planned with; -1: any will do. */
  readonly fence: number;
}

interface Held {
  readonly seq: number;
  readonly since: number;
}

/** The waiting commands of one session. */
export class Waiting {
  private readonly again: Again[] = [];
  private readonly barriers: { seq: number; begin: () => void }[] = [];
  /** The first of `again` found no room; and what was said of it before it was last tried. */
  private held: Held | null = null;
  private tried: Held | null = null;

  /** Whether nothing that arrives later may be planned. */
  get any(): boolean {
    return this.barriers.length > 0 || this.again.length > 0;
  }

  /** A command was not executed: the ring's fence is above `fence`. */
  stale(command: Planned, fence: number): void {
    let at = this.again.length;
    while (at > 0 && this.again[at - 1]!.seq > command.seq) at--;
    this.again.splice(at, 0, { ...command, fence });
  }

  /** The command that is being planned found no room. @param now monotonic, ms */
  noRoom(command: Planned, now: number): void {
    const { seq } = command;
    this.held = this.tried?.seq === seq ? this.tried : { seq, since: now };
    this.again.unshift({ ...command, fence: -1 });
  }

  /** There may be room again. */
  room(): void {
    if (this.held !== null) this.tried = this.held;
    this.held = null;
  }

  /** A command that has waited for room since before `limit`: it is taken out. @returns its number; -1: none */
  expired(limit: number): number {
    if (this.held === null || this.held.since >= limit) return -1;
    const { seq } = this.held;
    this.held = null;
    this.again.shift();
    return seq;
  }

  /** The next command to be planned under the ring of this fence; null: none. A barrier behind it waits for it. */
  next(fence: number): Planned | null {
    const first = this.again[0];
    if (first === undefined || this.held !== null || first.fence >= fence) return null;
    const barrier = this.barriers[0];
    if (barrier !== undefined && barrier.seq < first.seq) return null;
    return this.again.shift()!;
  }

  /** `begin` is to be called when every command before `seq` is answered. */
  barrier(seq: number, begin: () => void): void {
    // One that came back STALE may have to wait in front of one that waited for it.
    const at = this.barriers.findIndex((each) => each.seq > seq);
    this.barriers.splice(at < 0 ? this.barriers.length : at, 0, { seq, begin });
  }

  /** Every command before `head` is answered. */
  answered(head: number): void {
    if (this.barriers[0]?.seq === head) this.barriers.shift()!.begin();
  }
}
