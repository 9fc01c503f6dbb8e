// Who is let into a group by its primary: registered members outside of the in-sync set, one after the other; spares
// when an operator says so.
import type { Registration } from '../commit/index.js';
import type { Primary } from './primary.js';

/** Pause after a sync that failed, ms. */
const SYNC_PAUSE_MS = 500;

/** Candidates of a group, as one of its members sees them. */
export class Admissions {
  /** Who is registered in the group, in order. */
  members: readonly Registration[] = [];
  /** Spares that an operator lets in. */
  private readonly admitted = new Set<string>();
  private notBefore = 0;
  private lastTried = '';

  /** @param id this member */
  constructor(private readonly id: string) {}

  /** Begins to give the next candidate everything, if it may. @param now monotonic, ms */
  look(role: Primary, now: number): void {
    if (role.syncing !== null || now < this.notBefore) return;
    // Whoever was tried last comes last: one that cannot be synced keeps nobody else out.
    const last = this.members.findIndex((member) => member.id === this.lastTried) + 1;
    for (const member of [...this.members.slice(last), ...this.members.slice(0, last)]) {
      if (member.id === this.id || !(member.hotfix === true || this.admitted.has(member.id))) continue;
      if (!role.sync(member.id)) continue;
      this.notBefore = now + SYNC_PAUSE_MS;
      this.lastTried = member.id;
      return;
    }
  }

  /** An operator lets a spare in. @returns an error, or null */
  admit(leads: boolean, member: string): string | null {
    if (!leads) return 'NOTPRIMARY ask the primary of the group';
    if (!this.members.some(({ id }) => id === member)) return 'ERR no such member is registered';
    this.admitted.add(member);
    return null;
  }
}
