// client-output-buffer-limit: when is a client that does not read to be closed? At once above the hard limit, and when
// it has been above the soft one for too long.

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
}
