// Clients that move amounts between accounts by MULTI and EXEC, with and without WATCH, and read all accounts at once.
// A bank's accounts live in every group and hold nothing together, at any moment; each client counts its transfers in
// the bank too, so that one that was acknowledged and is gone shows. Every transaction is written down for the checker;
// a bank is used for a few hundred of them, is read once more, and another one takes its place.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Action, Answers, Step } from '../sim/exec-model.js';
import { type Operation, Recorder, type RedisOutput } from '../sim/linearizability/index.js';
import { Client } from './client.js';
import { errorOf, type Place } from './ledger-load.js';
import type { Measure } from './measure.js';

/** Banks in use at a time. */
const BANKS = 2;
/** Transactions of one bank, so that its history can be decided. */
const MAX_OPERATIONS = 250;
/** Pause of a client between two transactions, ms. */
const PAUSE_MS = 10;
const MOST = 20;
/** How often the last reading of a bank is tried. */
const TRIES = 20;
/** Between two of them, ms: a router may begin or end just now. */
const TRY_MS = 100;
const MAX_FINDINGS = 20;

/** What is handed to the judge: a history complete in itself. */
export type Transfers = Operation<Action, Answers>[];

/** Accounts, and the counters of those who use them. */
class Bank {
  readonly recorder = new Recorder<Action, Answers>();
  operations = 0;
  open = 0;
  retired = false;
  /** Transfers of each client: acknowledged, and of unknown outcome. */
  readonly acknowledged: number[];
  readonly unknown: number[];
  constructor(
    readonly accounts: readonly string[],
    readonly counters: readonly string[],
  ) {
    this.acknowledged = counters.map(() => 0);
    this.unknown = counters.map(() => 0);
  }
}

/** What these clients do of it: no SWAPDB. */
type OneKey = Exclude<Step, { op: 'swap' }>;

const wordsOf = (step: OneKey): string[] =>
  step.op === 'get'
    ? ['GET', step.key]
    : step.op === 'add'
      ? ['INCRBY', step.key, String(step.by)]
      : ['SET', step.key, String(step.to)];

/** Answers as numbers; null: one of them is none. */
function numbers(reply: RedisOutput): Answers | null {
  if (!Array.isArray(reply)) return null;
  const all = reply.map((each) => (each === 'OK' ? 1 : each === null ? 0 : Number(each)));
  return all.every(Number.isSafeInteger) ? all : null;
}

const sum = (all: Answers): number => all.reduce((total, each) => total + each, 0);

/** All clients that transfer. */
export class TransferLoad {
  /** Transfers that were acknowledged, those among them that had watched, and EXECs that were nil. */
  transfers = 0;
  watched = 0;
  nils = 0;
  /** Readings of all accounts. */
  reads = 0;
  /** Acknowledged transfers that were gone when their bank was read at the end. */
  lost = 0;
  /** Readings that did not add up, or answers that were none. */
  wrong = 0;
  /** Banks whose last reading did not succeed. */
  unread = 0;
  readonly findings: string[] = [];
  private banks: Bank[];
  private readonly closed: Bank[] = [];
  private readonly clients: Client[];
  private readonly run: string;
  private running: Promise<unknown> = Promise.resolve();
  private stopping = false;
  private serial = 0;

  /** @param finished gets the history of each bank when it is closed */
  constructor(
    private readonly places: readonly Omit<Place, 'group'>[],
    private readonly groups: readonly string[],
    private readonly groupOf: (key: string) => string,
    private readonly measure: Measure,
    private readonly random: () => number,
    private readonly finished: (history: Transfers) => void,
  ) {
    this.run = Math.floor(random() * 2 ** 32).toString(36);
    this.clients = places.map(({ port }) => new Client(port));
    this.banks = Array.from({ length: BANKS }, () => this.fresh());
  }

  start(): void {
    this.stopping = false;
    this.running = Promise.all(this.clients.map((client, i) => this.play(client, i)));
  }

  /** Every client ends its transaction. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  /** Reads and closes every bank that is still open, and reads every closed one again. */
  async verify(): Promise<void> {
    const [client] = this.clients;
    const closed = [...this.closed];
    for (const bank of this.banks.splice(0)) if (bank.operations > 0) await this.close(client!, bank);
    for (const bank of closed) await this.audit(client!, bank);
  }

  end(): void {
    for (const client of this.clients) client.close();
  }

  /** Accounts in every group; what a bank is called has no other meaning. */
  private fresh(): Bank {
    const name = `bank:${this.run}:${this.serial++}`;
    const accounts = this.groups.map((group) => {
      for (let n = 0; ; n++) if (this.groupOf(`${name}:${n}`) === group) return `${name}:${n}`;
    });
    return new Bank(
      accounts,
      this.places.map((_, i) => `${name}:client:${i}`),
    );
  }

  private async play(client: Client, index: number): Promise<void> {
    while (!this.stopping) {
      if (!(await client.ready())) return;
      const place = Math.floor(this.random() * this.banks.length);
      const bank = this.banks[place]!;
      bank.open++;
      try {
        await this.transact(client, index, bank);
      } catch (error) {
        // What was sent is accounted for; only the connection is gone.
        this.measure.failed(this.places[index]!.router, (error as Error).message);
      }
      bank.open--;
      if (++bank.operations >= MAX_OPERATIONS && !bank.retired) {
        bank.retired = true;
        this.banks[place] = this.fresh();
      }
      if (bank.retired && bank.open === 0 && (await client.ready())) await this.close(client, bank);
      if (!this.stopping) await sleep(this.random() * 2 * PAUSE_MS);
    }
  }

  private async transact(client: Client, index: number, bank: Bank): Promise<void> {
    const { accounts } = bank;
    const chance = this.random();
    if (chance < 0.35) {
      const answers = await this.exec(
        client,
        index,
        bank,
        { guards: [], steps: this.blind(bank, index) },
        true,
      );
      if (answers !== null) this.transfers++;
    } else if (chance < 0.7) await this.guarded(client, index, bank);
    else {
      const steps = accounts.map((key): Step => ({ op: 'get', key }));
      const answers = await this.exec(client, index, bank, { guards: [], steps }, false, chance > 0.9);
      if (answers === null) return;
      this.reads++;
      if (sum(answers) !== 0) this.bad(`${accounts.join(' ')} read as ${answers.join(' ')}`);
    }
  }

  /** From one account to another, or from one to all others. */
  private blind({ accounts, counters }: Bank, index: number): Step[] {
    const from = Math.floor(this.random() * accounts.length);
    const others = accounts.filter((_, i) => i !== from);
    const to = this.random() < 0.5 ? others : [others[Math.floor(this.random() * others.length)]!];
    const by = 1 + Math.floor(this.random() * MOST);
    return [
      { op: 'add', key: accounts[from]!, by: -by * to.length },
      ...to.map((key): Step => ({ op: 'add', key, by })),
      { op: 'add', key: counters[index]!, by: 1 },
    ];
  }

  /** WATCH, a look at two accounts, and an EXEC that counts on what was seen. */
  private async guarded(client: Client, index: number, bank: Bank): Promise<void> {
    const { accounts, counters } = bank;
    const from = Math.floor(this.random() * accounts.length);
    const to = (from + 1 + Math.floor(this.random() * (accounts.length - 1))) % accounts.length;
    const keys = [accounts[from]!, accounts[to]!];
    const { router } = this.places[index]!;
    const said = await client.send(['WATCH', ...keys]);
    if (said !== 'OK') return this.measure.failed(router, errorOf(said));
    const reply = await client.send(['MGET', ...keys]);
    const seen = numbers(reply);
    if (seen === null) {
      this.measure.failed(router, errorOf(reply));
      await client.send(['UNWATCH']);
      return;
    }
    const by = 1 + Math.floor(this.random() * MOST);
    const guards = keys.map((key, i) => ({ key, value: seen[i]! }));
    const steps: Step[] = [
      { op: 'set', key: keys[0]!, to: seen[0]! - by },
      { op: 'set', key: keys[1]!, to: seen[1]! + by },
      { op: 'add', key: counters[index]!, by: 1 },
    ];
    if ((await this.exec(client, index, bank, { guards, steps }, true)) === null) return;
    this.transfers++;
    this.watched++;
  }

  /**
   * MULTI to EXEC in one go, or MGET where that says the same.
   * @param transfer whether the client's counter counts it
   * @returns null: nothing was executed, or nobody knows. @throws Lost when the connection goes before the reply
   */
  private async exec(
    client: Client,
    index: number,
    bank: Bank,
    action: Action,
    transfer: boolean,
    plain = false,
  ): Promise<Answers | null> {
    const { router } = this.places[index]!;
    const recording = bank.recorder.call(`c${index}`, action);
    const unknown = () => {
      recording.unknown();
      if (transfer) bank.unknown[index]!++;
    };
    const steps = action.steps as readonly OneKey[];
    const commands = plain
      ? [['MGET', ...steps.map(({ key }) => key)]]
      : [['MULTI'], ...steps.map(wordsOf), ['EXEC']];
    const said = await Promise.allSettled(commands.map((words) => client.send(words)));
    const last = said.at(-1)!;
    if (last.status === 'rejected') {
      unknown();
      throw last.reason;
    }
    const reply = last.value;
    if (reply === null) {
      // A watched key has changed, or might have: nothing was executed.
      recording.refused();
      this.nils++;
      this.measure.done();
      return null;
    }
    const answers = numbers(reply);
    if (answers === null) {
      // An error says nothing about whether it was executed.
      unknown();
      if (Array.isArray(reply)) this.bad(`${JSON.stringify(commands)} answered ${JSON.stringify(reply)}`);
      this.measure.failed(router, errorOf(reply));
      return null;
    }
    recording.done(answers);
    if (transfer) bank.acknowledged[index]!++;
    this.measure.done();
    return answers;
  }

  /** Nobody uses it any more: it is read as a part of its history, which is then complete. */
  private async close(client: Client, bank: Bank): Promise<void> {
    const { recorder } = bank;
    const steps = [...bank.accounts, ...bank.counters].map((key): Step => ({ op: 'get', key }));
    const recording = recorder.call('the last one', { guards: [], steps });
    const answers = await this.audit(client, bank);
    if (answers === null) recording.unknown();
    else recording.done(answers);
    this.finished(recorder.history());
    this.closed.push(bank);
  }

  /** @returns what every account and counter of a closed bank holds; null: it could not be read */
  private async audit(client: Client, bank: Bank): Promise<Answers | null> {
    const { accounts, counters, acknowledged, unknown } = bank;
    let why = 'not connected';
    for (let n = 0; n < TRIES && (await client.ready()); n++) {
      if (n > 0) await sleep(TRY_MS);
      const reads = [...accounts, ...counters].map((key) => ['GET', key]);
      const said = await Promise.allSettled(
        [['MULTI'], ...reads, ['EXEC']].map((words) => client.send(words)),
      );
      const last = said.at(-1)!;
      const answers = last.status === 'fulfilled' ? numbers(last.value) : null;
      if (answers === null) {
        why = last.status === 'fulfilled' ? JSON.stringify(last.value) : String(last.reason);
        continue;
      }
      if (sum(answers.slice(0, accounts.length)) !== 0)
        this.bad(`closed: ${accounts.join(' ')} read as ${answers.join(' ')}`);
      answers.slice(accounts.length).forEach((count, i) => {
        const [least, most] = [acknowledged[i]!, acknowledged[i]! + unknown[i]!];
        if (count >= least && count <= most) return;
        this.lost += Math.max(0, least - count);
        this.bad(
          `${counters[i]} counts ${count} transfers, ${least} were acknowledged, ${unknown[i]} unknown`,
        );
      });
      return answers;
    }
    this.unread++;
    if (this.findings.length < MAX_FINDINGS) this.findings.push(`unread: ${accounts.join(' ')}: ${why}`);
    return null;
  }

  private bad(text: string): void {
    this.wrong++;
    if (this.findings.length < MAX_FINDINGS) this.findings.push(`wrong: ${text}`);
  }
}
