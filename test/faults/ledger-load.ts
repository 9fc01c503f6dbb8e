// Clients that write numbered values, one for each router and group, one command at a time, and judge every read by
// the ledger of `towline workload`. Their writes are also what unavailable time is measured by.
import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger } from '../../src/cli/workload/ledger.js';
import { Client } from './client.js';
import type { Measure } from './measure.js';

/** Keys of one client. */
const KEYS = 24;
const VALUE_BYTES = 48;
/** Pause of a client between two commands, ms. */
const PAUSE_MS = 3;
/** Findings told in full. */
const MAX_FINDINGS = 20;

/** Where a client writes. */
export interface Place {
  /** Index of the router, which stands for its clients in the measure. */
  router: number;
  port: number;
  group: string;
}

/** All ledger clients. */
export class LedgerLoad {
  readonly ledger: Ledger;
  lost = 0;
  wrong = 0;
  acknowledged = 0;
  readonly findings: string[] = [];
  private readonly names: string[] = [];
  private readonly clients: Client[];
  private running: Promise<unknown> = Promise.resolve();
  private stopping = false;
  /** Writes acknowledged, by place. */
  private readonly progress: number[];

  /** @param groupOf which group owns a key @param pauseMs of a client between two commands */
  constructor(
    private readonly places: readonly Place[],
    private readonly measure: Measure,
    private readonly random: () => number,
    groupOf: (key: string) => string,
    private readonly pauseMs = PAUSE_MS,
  ) {
    this.ledger = new Ledger(places.length * KEYS, VALUE_BYTES);
    this.clients = places.map(({ port }) => new Client(port));
    this.progress = places.map(() => 0);
    const run = Math.floor(random() * 2 ** 32).toString(36);
    let next = 0;
    for (const { group } of places) {
      for (let n = 0; n < KEYS; n++) {
        while (groupOf(`ledger:${run}:${next}`) !== group) next++;
        this.names.push(`ledger:${run}:${next++}`);
      }
    }
  }

  start(): void {
    this.stopping = false;
    this.running = Promise.all(this.clients.map((client, place) => this.run(client, place)));
  }

  /** Resolves when every client whose router is there has had a write acknowledged after this call. */
  async allWrite(limitMs: number): Promise<boolean> {
    const before = [...this.progress];
    for (const end = performance.now() + limitMs; performance.now() < end; await sleep(10)) {
      if (this.progress.every((count, i) => count > before[i]!)) return true;
    }
    return false;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  /** All clients go to this port from now on. */
  moveTo(port: number): void {
    for (const client of this.clients) client.moveTo(port);
  }

  /**
   * Reads and judges every key once more, through every router, or by one client alone.
   * @returns keys that could not be read
   */
  async verify(only?: number): Promise<number> {
    let unread = 0;
    for (const [i, client] of this.clients.entries()) {
      if (only !== undefined && i !== only) continue;
      if (!(await client.ready())) throw new Error('verify after close');
      for (let key = 0; key < this.names.length; key++) {
        const { group, router } = this.places[i]!;
        if (this.places[Math.floor(key / KEYS)]!.group !== group) continue;
        try {
          await this.read(client, key, router);
        } catch {
          unread++;
        }
      }
    }
    return unread;
  }

  close(): void {
    for (const client of this.clients) client.close();
  }

  private async run(client: Client, place: number): Promise<void> {
    const { router, group } = this.places[place]!;
    while (!this.stopping) {
      if (!(await client.ready())) return;
      const own = place * KEYS + Math.floor(this.random() * KEYS);
      try {
        if (this.ledger.mayWrite(own) && this.random() < 0.7) {
          if (await this.write(client, own, router)) {
            this.measure.wrote(router, group);
            this.progress[place]!++;
          }
        } else await this.read(client, Math.floor(this.random() * this.names.length), router);
        this.measure.done();
      } catch (error) {
        this.measure.failed(router, (error as Error).message);
      }
      if (!this.stopping && this.pauseMs > 0) await sleep(this.pauseMs);
    }
  }

  private async write(client: Client, key: number, router: number): Promise<boolean> {
    const { ledger } = this;
    const { number, at, value } = ledger.beginWrite(key);
    try {
      const reply = await client.send(['SET', this.names[key]!, value]);
      if (reply === 'OK') {
        ledger.acknowledged(key, number, at);
        this.acknowledged++;
        return true;
      }
      ledger.unknown(key, number);
      this.measure.failed(router, errorOf(reply));
      return false;
    } catch (error) {
      ledger.unknown(key, number);
      throw error;
    }
  }

  private async read(client: Client, key: number, router: number): Promise<void> {
    const mark = this.ledger.beginRead(key);
    const value = await client.send(['GET', this.names[key]!]);
    if (value !== null && typeof value !== 'string') return this.measure.failed(router, errorOf(value));
    const verdict = this.ledger.endRead(key, mark, value);
    if (verdict === 'ok') return;
    this[verdict]++;
    if (this.findings.length >= MAX_FINDINGS) return;
    const { greatest, unknown } = this.ledger.describe(key);
    this.findings.push(
      `${verdict}: ${this.names[key]} read through router ${router} as ${JSON.stringify(value)}, least allowed ` +
        `${mark.least}, greatest written ${greatest}, of unknown outcome: ${unknown.join(' ') || 'none'}`,
    );
  }
}

/** The first word of an error reply, which says its kind. */
export function errorOf(reply: unknown): string {
  if (typeof reply === 'object' && reply !== null && 'error' in reply)
    return String(reply.error).split(' ', 1)[0]!;
  return `unexpected reply ${JSON.stringify(reply)}`;
}
