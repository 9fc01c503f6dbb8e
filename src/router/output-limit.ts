// client-output-buffer-limit: when is a client that does not read to be closed? At once above the hard limit, and when
// it has been above the soft one for too long.
import type { Conn } from '../net/host.js';
import type { ClientState, Settings, Statistics } from './local/index.js';

/** What is needed of the router. */
interface OutputOwner {
  readonly settings: Settings;
  readonly statistics: Statistics;
  turnTime(): number;
}

/** Bytes, and seconds above the soft limit; 0: no such limit. */
export interface Limits {
  hard: number;
  soft: number;
  seconds: number;
}

/** What one client leaves unread. */
export class OutputLimit {
  private overSoftSince = -1;

  /** @param queued bytes that it has not read @param now monotonic, ms */
  exceeded(queued: number, now: number, { hard, soft, seconds }: Limits): boolean {
    if (soft === 0 || queued <= soft) this.overSoftSince = -1;
    else if (this.overSoftSince < 0) this.overSoftSince = now;
    const soaked = this.overSoftSince >= 0 && now - this.overSoftSince > seconds * 1000;
    return (hard > 0 && queued > hard) || soaked;
  }

  /** Closes the client's connection when it has left too much unread. */
  check(router: OutputOwner, conn: Conn, client: ClientState): void {
    const limits = router.settings.values.outputLimit[client.limitClass];
    if (!this.exceeded(conn.queued, router.turnTime(), limits)) return;
    router.statistics.outputLimitDisconnections++;
    conn.destroy();
  }
}
