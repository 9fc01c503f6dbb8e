// What tests may do to an embedded server: lose replies, freeze it, delay it, expire sessions, cut connections.
// Holds the wishes only; the edge obeys them. A server nobody asked behaves as the real one.
import type { Handled } from './core.js';

/** Which requests lose their reply. */
export interface LoseReply {
  /** Kind of request, for example 'create' or 'multi'; any when absent. */
  type?: Handled['type'];
  /** Beginning of its (first) path; any when absent. */
  path?: string;
  /** How many of them; 1 when absent. */
  times?: number;
}

/** The fault hooks of an embedded server. */
export interface Faults {
  /** The next matching request is applied, then its connection is cut before the reply. */
  loseReply(which?: LoseReply): void;
  /** Ends a session as if its timeout had passed; false when there is none of that id. */
  expireSession(id: bigint): boolean;
  /** Stops reading, answering and expiring, as a stopped process does; connections stay open and are still accepted. */
  freeze(): void;
  /** Goes on after freeze(). */
  unfreeze(): void;
  /** Holds back everything sent from now on by `ms`; 0 ends it. */
  delay(ms: number): void;
  /** Cuts every connection; sessions stay. */
  cut(): void;
  /** Ids of the live sessions, oldest first. */
  sessions(): bigint[];
}

/** Remembers which replies to lose. */
export class LossList {
  readonly #wanted: Required<LoseReply & { any: boolean }>[] = [];

  /** Adds a wish. */
  add(which: LoseReply): void {
    this.#wanted.push({
      type: which.type ?? 'ping',
      any: which.type === undefined,
      path: which.path ?? '',
      times: which.times ?? 1,
    });
  }

  /** Whether this request's reply is to be lost; counts it. Pings are met only when named. */
  meets(handled: Handled): boolean {
    const at = this.#wanted.findIndex(
      ({ type, any, path }) =>
        (any ? handled.type !== 'ping' : handled.type === type) && handled.path.startsWith(path),
    );
    const wish = this.#wanted[at];
    if (wish === undefined) return false;
    if (--wish.times === 0) this.#wanted.splice(at, 1);
    return true;
  }
}
