// Who looks at what this router's clients do: MONITOR, the slow log, latency histograms and events, time in commandstats.
// Times go from a command's beginning at this router to its reply, as the clock reads at the turns in which both happen;
// a command that waits for something counts as no time. Must cost a look at a flag or two where nobody looks.
import { Buffer } from 'node:buffer';
import { type CommandRow, LEAVES } from '../../command/index.js';
import { type Request, RequestParser } from '../../resp/index.js';
import type { ClientState, Settings, Statistics } from '../local/index.js';
import { Latency } from './latency.js';
import { quoted, shownWords } from './redaction.js';
import { SlowLog } from './slow-log.js';
import type { Timed } from './timed.js';

/** Commands of one turn that go into the slow log at most, unless all are asked for. */
const MOST_A_TURN = 8;

/** What is needed of the router. */
export interface ObserverOwner {
  readonly settings: Settings;
  readonly statistics: Statistics;
  readonly clock: { wall(): number };
  turnTime(): number;
}

/** Looks at one router. */
export class Observer {
  readonly slowLog = new SlowLog();
  readonly latency = new Latency();
  /** Whether anybody wants to know how long commands take. */
  timing = true;
  /** Commands that were logged in the turn at `loggedAt`. */
  private logged = 0;
  private loggedAt = -1;
  private readonly monitors = new Set<ClientState>();

  constructor(private readonly owner: ObserverOwner) {
    owner.settings.onChange(() => this.renew());
    this.renew();
  }

  private renew(): void {
    const { latencyTracking, latencyThreshold, slowerThan, slowLogLength } = this.owner.settings.values;
    this.timing = latencyTracking || latencyThreshold > 0 || slowerThan >= 0;
    this.slowLog.keep(slowLogLength);
  }

  // ---- MONITOR

  get monitoring(): boolean {
    return this.monitors.size > 0;
  }
  monitor(client: ClientState): void {
    this.monitors.add(client);
    client.monitoring = true;
    client.unmonitor = () => {
      this.monitors.delete(client);
      client.monitoring = false;
    };
  }

  /** A client's command is shown to those who monitor, as Redis shows it; administrators' commands are not. */
  show(client: ClientState, row: CommandRow, request: Request): void {
    if (row.flags.includes('admin') || row.flags.includes('skip_monitor')) return;
    const micros = Math.floor(this.owner.clock.wall() * 1000);
    const time = `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`;
    const words = shownWords(row.name, request.texts()).map(quoted).join(' ');
    const line = Buffer.from(`+${time} [${client.db} ${client.addr}] ${words}\r\n`, 'latin1');
    for (const each of this.monitors) each.push(line);
  }

  // ---- time

  /** A command begins. */
  begin(timed: Timed, seq: number, head: number, row: CommandRow, request: Request): void {
    timed.begin(seq, head, row.id, this.owner.turnTime(), request);
  }

  /** A command is answered. */
  end(timed: Timed, seq: number, client: ClientState): void {
    const slot = timed.end(seq);
    if (slot < 0) return;
    const at = timed.row(slot);
    const row = LEAVES[at]!;
    const micros = row.blocking ? 0 : Math.max(0, (this.owner.turnTime() - timed.since(slot)) * 1000);
    const { latencyTracking, latencyThreshold, slowerThan, slowLogLength } = this.owner.settings.values;
    if (latencyTracking) {
      const { usec } = this.owner.statistics;
      usec[at] = usec[at]! + micros;
      this.latency.took(at, micros);
    }
    if (latencyThreshold > 0 && micros >= latencyThreshold * 1000) {
      const name = row.flags.includes('fast') ? 'fast-command' : 'command';
      this.latency.event(name, Math.floor(this.owner.clock.wall() / 1000), Math.floor(micros / 1000));
    }
    if (slowerThan >= 0 && micros >= slowerThan)
      this.slow(row, timed.bytes(slot), micros, client, slowLogLength);
    timed.clear(slot);
  }

  /** When everything is slow, writing that down must not make it slower. */
  private enough(): boolean {
    const now = this.owner.turnTime();
    if (now !== this.loggedAt) this.logged = 0;
    this.loggedAt = now;
    return ++this.logged > MOST_A_TURN;
  }

  private slow(row: CommandRow, bytes: Buffer, micros: number, client: ClientState, most: number): void {
    if (row.flags.includes('skip_slowlog') && row.name !== 'exec') return;
    if (this.owner.settings.values.slowerThan > 0 && this.enough()) return;
    const parser = new RequestParser();
    parser.feed(bytes);
    if (!parser.next()) return;
    const words = shownWords(row.name, parser.request.texts());
    const { addr: address, name } = client;
    const time = Math.floor(this.owner.clock.wall() / 1000);
    this.slowLog.add({ time, duration: Math.floor(micros), words, address, name }, most);
  }
}
