// A simulated machine with one process on it: the Host that the shipping code is given. Clocks run on virtual time;
// a turn ends a little after its first event, so that several events may share one. A process that has been stopped
// never runs again, whatever is still queued for it.
import type { Address, Conn, ConnHandler, Host } from '../../src/net/host.js';
import type { Network } from './network.js';
import type { Random } from './random.js';
import { Violation, type World } from './world.js';

/** Wall clock at the beginning of a run. */
const EPOCH = 1_700_000_000_000;
const LONGEST_TURN_MS = 0.6;

export class SimHost implements Host {
  alive = true;
  private readonly chance: Random;
  private readonly bootedAt: number;
  private frozenUntil = 0;
  private ending: (() => void)[] = [];

  /**
   * @param name as the trace names it
   * @param wallOffset error of its wall clock, ms
   * @param speed of its clocks and timers: 1 is right
   */
  constructor(
    readonly world: World,
    readonly network: Network,
    readonly name: string,
    private wallOffset = 0,
    private readonly speed = 1,
  ) {
    this.chance = world.random.fork();
    this.bootedAt = world.time - this.chance.between(0, 1e6);
  }

  // ---- Host

  now(): number {
    return (this.world.time - this.bootedAt) * this.speed;
  }
  wall(): number {
    return Math.floor(EPOCH + this.world.time * this.speed + this.wallOffset);
  }
  random(): number {
    return this.chance.unit();
  }
  after(ms: number, fn: () => void): () => void {
    // Timers fire late, never early, as on a real machine.
    const late = this.chance.between(0, 0.5);
    let due = true;
    this.world.after(Math.max(1, ms) / this.speed + late, () =>
      this.deliver('timer', () => {
        if (due) fn();
      }),
    );
    return () => {
      due = false;
    };
  }
  endOfTurn(fn: () => void): void {
    if (this.ending.push(fn) > 1) return;
    const late = this.chance.chance(0.5) ? 0 : this.chance.between(0, LONGEST_TURN_MS);
    this.world.after(late, () => this.endTurn());
  }
  connect(to: Address, handler: ConnHandler): Conn {
    return this.network.connect(this, to, handler);
  }

  // ---- the simulator's side

  /** Runs one event in this process, later if it is frozen, never if it is stopped. */
  deliver(kind: string, event: () => void): void {
    if (!this.alive) return;
    if (this.world.time < this.frozenUntil) {
      this.world.at(this.frozenUntil, () => this.deliver(kind, event));
      return;
    }
    try {
      event();
    } catch (error) {
      if (error instanceof Violation) throw error;
      throw new Violation(
        `${this.name}, on ${kind}: ${error instanceof Error ? error.stack : String(error)}`,
      );
    }
  }
  /** The process gets no time for `ms` (collection of garbage, SIGSTOP, an overloaded machine). */
  freeze(ms: number): void {
    this.frozenUntil = Math.max(this.frozenUntil, this.world.time + ms);
  }
  /** Somebody sets its wall clock. */
  jump(ms: number): void {
    this.wallOffset += ms;
  }
  /** Whether it gets no time now. */
  get frozen(): boolean {
    return this.world.time < this.frozenUntil;
  }
  /** SIGKILL: nothing of it runs any more; its connections break. */
  stop(): void {
    this.alive = false;
    this.ending = [];
    this.network.stopped(this);
  }

  private endTurn(): void {
    this.deliver('end of turn', () => {
      // Work added by the work itself belongs to the same turn, as in NodeHost.
      for (let i = 0; i < this.ending.length; i++) this.ending[i]!();
      this.ending.length = 0;
    });
  }
}
