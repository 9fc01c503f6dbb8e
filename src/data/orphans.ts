// Looks after transactions whose coordinator is gone: after a while this primary asks the other participants itself
// and does what they agree on (R11). Time decides only when it begins, never what comes out.
import {
  type Answer,
  addressOf,
  coordinatorOf,
  type GroupConfig,
  type Participant,
  type ParticipantAction,
  Resolver,
  type ResolverAction,
} from '../commit/index.js';
import type { Host } from '../net/host.js';
import { Link } from '../net/link.js';
import { decodeAnswer, encodeAsk } from '../net/wire.js';
import { encodeCommand, RequestParser } from '../resp/index.js';
import type { Parked } from './lane.js';

const LOOK_MS = 500;
/** Orphans taken on at a time; the others wait for the next look. */
const AT_ONCE = 1000;

/** What the primary gives. */
export interface OrphansOwner {
  /** Own group. */
  readonly self: string;
  /** Own member id. */
  readonly id: string;
  readonly orphanMs: number;
  readonly transactions: Participant<Parked>;
  /** Whether this primary serves: before and after that it decides nothing, and its log must not grow (R9). */
  active(): boolean;
  connected(coordinator: string): boolean;
  /** The newest configuration of another group that is known here; undefined: none. */
  configOf(group: string): GroupConfig | undefined;
  /** Whether the newest ring known here says that the group was given up with its data. */
  abandoned(group: string): boolean;
  perform(actions: ParticipantAction<Parked>[]): void;
}

/** The orphans of one primary. */
export class Orphans {
  /** When a txn was first seen without its coordinator, ms of the monotonic clock. */
  private readonly since = new Map<string, number>();
  private readonly resolvers = new Map<string, Resolver>();
  private readonly peers = new Map<string, Link>();
  private cancel: () => void = () => {};

  constructor(
    private readonly host: Host,
    private readonly owner: OrphansOwner,
  ) {
    this.lookLater();
  }

  stop(): void {
    this.cancel();
    for (const link of this.peers.values()) link.stop();
    this.peers.clear();
  }

  private lookLater(): void {
    this.cancel = this.host.after(LOOK_MS, () => {
      this.look();
      this.lookLater();
    });
  }

  private look(): void {
    const { owner } = this;
    if (!owner.active()) return;
    const now = this.host.now();
    const orphans = owner.transactions.undecided().filter(({ txn }) => !owner.connected(coordinatorOf(txn)));
    const names = new Set(orphans.map(({ txn }) => txn));
    for (const txn of [...this.since.keys()]) {
      if (names.has(txn)) continue;
      this.since.delete(txn);
      this.resolvers.delete(txn);
    }
    for (const { txn, participants, commit } of orphans.slice(0, AT_ONCE)) {
      const since = this.since.get(txn);
      if (since === undefined) this.since.set(txn, now);
      else if (now - since >= owner.orphanMs) {
        let resolver = this.resolvers.get(txn);
        // Its outcome may have come from elsewhere since: what is left is to spread it.
        if (resolver === undefined || (commit !== null && !resolver.decided)) {
          resolver = new Resolver(
            txn,
            owner.self,
            participants,
            commit,
            (group) => owner.abandoned(group),
            (group) => (owner.configOf(group)?.created ?? 1) !== 1,
          );
          this.resolvers.set(txn, resolver);
        }
        this.perform(resolver, resolver.step());
      }
    }
  }

  private perform(resolver: Resolver, actions: ResolverAction[]): void {
    const { owner } = this;
    for (const action of actions) {
      if (action.do === 'send') this.send(action.group, encodeAsk(action.ask));
      else if (action.do === 'settled') owner.perform(owner.transactions.settled(resolver.txn));
      else {
        // As if the coordinator had said it; nobody waits on lane 0.
        owner.perform(
          owner.transactions.ask(0, { kind: 'outcome', txn: resolver.txn, commit: action.commit }),
        );
      }
    }
  }

  private answered(group: string, answer: Answer): void {
    if (!this.owner.active()) return;
    const resolver = this.resolvers.get(answer.txn);
    if (answer.kind === 'state' && !this.owner.transactions.inDoubt(answer.txn)) {
      // The outcome came from elsewhere while this was asked, and the other group may have forgotten it: its NEVER
      // says nothing about a transaction that is over, and need not be kept.
      if (answer.state === 'never') this.send(group, encodeAsk({ kind: 'forget', txn: answer.txn }));
      return;
    }
    if (resolver !== undefined && this.since.has(answer.txn))
      this.perform(resolver, resolver.answered(group, answer));
  }

  private send(group: string, bytes: Buffer): void {
    if (!this.peers.has(group)) this.connect(group);
    this.peers.get(group)?.push(bytes);
  }

  /** Connects once: what is lost with the connection is asked again at the next look, of whoever leads by then. */
  private connect(group: string): void {
    const { owner } = this;
    const config = owner.configOf(group);
    const address = config === undefined ? null : addressOf(config.primary);
    if (address === null) return;
    const parser = new RequestParser();
    const link = new Link(
      this.host,
      {
        address: () => address,
        hello: () => encodeCommand(['TOWLINE.CONTROL', owner.id]),
        data: (chunk) => {
          parser.feed(chunk);
          while (parser.next()) this.answered(group, decodeAnswer(parser.request));
        },
        closed: () => {
          if (this.peers.get(group) === link) this.peers.delete(group);
        },
      },
      null,
    );
    this.peers.set(group, link);
  }
}
