// Clients whose every call and return is written down, for the linearizability checker: strings, counters, and
// multi-key commands over groups, on few keys. Keys are used for a few hundred commands and then replaced by new ones,
// so that each history stays small enough to be decided.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Operation, Recorder, type RedisInput, type RedisOutput } from '../sim/linearizability/index.js';
import { Client } from './client.js';
import { errorOf, type Place } from './ledger-load.js';
import type { Measure } from './measure.js';

/** Commands on one set of keys at most. */
const MAX_OPERATIONS = 400;
const STRINGS = 14;
const COUNTERS = 4;
const SEVERAL = 5;
/** Keys that are used together: enough to be on several groups. */
const TOGETHER = 3;
const PAUSE_MS = 5;

type Kind = 'string' | 'counter' | 'several';

/** What is handed to the judge: a history complete in itself. */
export type History = Operation<RedisInput, RedisOutput>[];

/** Keys that only commands of this component touch. */
class Component {
  readonly recorder = new Recorder<RedisInput, RedisOutput>();
  operations = 0;
  open = 0;
  retired = false;
  constructor(
    readonly kind: Kind,
    readonly keys: readonly string[],
  ) {}
}

/** All history clients. */
export class HistoryLoad {
  private readonly components: Component[];
  private readonly clients: Client[];
  private running: Promise<unknown> = Promise.resolve();
  private stopping = false;
  private serial = 0;

  /** @param finished gets each history when nothing of it is under way any more */
  constructor(
    private readonly places: readonly Omit<Place, 'group'>[],
    private readonly measure: Measure,
    private readonly random: () => number,
    private readonly finished: (history: History) => void,
  ) {
    const kinds: Kind[] = [
      ...new Array<Kind>(STRINGS).fill('string'),
      ...new Array<Kind>(COUNTERS).fill('counter'),
      ...new Array<Kind>(SEVERAL).fill('several'),
    ];
    this.components = kinds.map((kind) => this.fresh(kind));
    this.clients = places.map(({ port }) => new Client(port));
  }

  start(): void {
    this.stopping = false;
    this.running = Promise.all(this.clients.map((client, i) => this.run(client, i)));
  }

  /** Every client ends its command; every history is handed over. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
    this.components.forEach((component, i) => {
      this.retire(component, i);
    });
  }

  close(): void {
    for (const client of this.clients) client.close();
  }

  private fresh(kind: Kind): Component {
    const name = `${kind}:${Math.floor(this.random() * 2 ** 32).toString(36)}:${this.serial++}`;
    const count = kind === 'several' ? TOGETHER : 1;
    return new Component(
      kind,
      Array.from({ length: count }, (_, n) => `${name}:${n}`),
    );
  }

  private retire(component: Component, place: number): void {
    component.retired = true;
    this.components[place] = this.fresh(component.kind);
    this.handOver(component);
  }

  private handOver(component: Component): void {
    if (component.retired && component.open === 0 && component.operations > 0)
      this.finished(component.recorder.history());
  }

  private async run(client: Client, index: number): Promise<void> {
    const { router } = this.places[index]!;
    while (!this.stopping) {
      if (!(await client.ready())) return;
      const place = Math.floor(this.random() * this.components.length);
      const component = this.components[place]!;
      const words = this.command(component, `${index}.${this.serial++}`);
      const recording = component.recorder.call(`c${index}`, words);
      component.open++;
      try {
        const reply = await client.send(words);
        const error = typeof reply === 'object' && reply !== null && 'error' in reply;
        // No command here is wrong by itself: an error says nothing about whether it was executed.
        if (error) {
          recording.unknown();
          this.measure.failed(router, errorOf(reply));
        } else recording.done(reply);
        this.measure.done();
      } catch (error) {
        recording.unknown();
        this.measure.failed(router, (error as Error).message);
      }
      component.open--;
      if (component.retired) this.handOver(component);
      else if (++component.operations >= MAX_OPERATIONS) this.retire(component, place);
      if (!this.stopping) await sleep(this.random() * 2 * PAUSE_MS);
    }
  }

  private command({ kind, keys }: Component, unique: string): RedisInput {
    const chance = this.random();
    const key = keys[Math.floor(this.random() * keys.length)]!;
    const value = `v${unique}`;
    if (kind === 'counter') return chance < 0.65 ? ['INCR', key] : ['GET', key];
    if (kind === 'several') {
      if (chance < 0.35) return ['MSET', ...keys.flatMap((each) => [each, value])];
      if (chance < 0.7) return ['MGET', ...keys];
      return chance < 0.85 ? ['SET', key, value] : ['GET', key];
    }
    if (chance < 0.35) return ['GET', key];
    if (chance < 0.6) return ['SET', key, value];
    if (chance < 0.75) return ['APPEND', key, `+${unique}`];
    if (chance < 0.82) return ['SET', key, value, 'NX'];
    if (chance < 0.88) return ['SET', key, value, 'XX'];
    return chance < 0.95 ? ['SET', key, value, 'GET'] : ['DEL', key];
  }
}
