// How one client tracks keys (CLIENT TRACKING), and which of its reads are under way. Plain data.
import type { ClientState } from '../local/index.js';

/** Its own writes that are remembered for NOLOOP. */
const MOST_WRITES = 1024;

/** What CLIENT TRACKING ON was given. */
export interface TrackingOptions {
  bcast: boolean;
  optin: boolean;
  optout: boolean;
  noloop: boolean;
  /** Id of the client that is told instead; 0: none. */
  redirect: number;
  prefixes: string[];
}

/** A read whose reply is not in order yet. */
interface Flight {
  readonly seq: number;
  readonly keys: ReadonlySet<string>;
  /** Keys of it that changed meanwhile; null: any may have. */
  dirty: Set<string> | null;
}

/** One client's tracking, from ON to OFF. `L`: a data lane. */
export class TrackingState<L = unknown> {
  options: TrackingOptions;
  /** Prefixes of all that was said since ON. */
  readonly prefixes = new Set<string>();
  /** CLIENT CACHING was said for the next command. */
  caching = false;
  /** The client that is to be told instead is gone. */
  broken = false;
  readonly flights: Flight[] = [];
  private readonly writes = new Map<L, Set<number>>();

  constructor(
    readonly client: ClientState,
    options: TrackingOptions,
  ) {
    this.options = options;
  }

  /** Whether keys of the next read are remembered. */
  get remembers(): boolean {
    const { bcast, optin, optout } = this.options;
    return !bcast && (!optin || this.caching) && !(optout && this.caching);
  }

  /** This client has sent a write. */
  wrote(lane: L, counter: number): void {
    let own = this.writes.get(lane);
    if (own === undefined) this.writes.set(lane, (own = new Set()));
    own.add(counter);
    if (own.size > MOST_WRITES) own.delete(own.values().next().value!);
  }
  /** Whether a change of its own is not to be told to it. */
  spares(lane: L | null, counter: number): boolean {
    return (
      this.options.noloop && lane !== null && counter > 0 && this.writes.get(lane)?.has(counter) === true
    );
  }
}
