// How a primary gives its group to another member while it could lead on: every member takes the whole log first, and
// the configuration that names the heir is written by compare-and-set. Must never let anything be answered once that
// was sent, whatever becomes of it (R6).
import type { GroupConfig } from '../commit/index.js';
import type { Host } from '../net/host.js';
import type { CompareAndSet, InSync } from './insync.js';

/** Pauses before it is looked again: whether a member holds the whole log, and whether a candidate does, ms. */
const LOG_MS = 2;
const CANDIDATE_MS = 20;

/** What is needed of the primary, which takes nothing new and answers nothing meanwhile. */
export interface HandingOver {
  readonly id: string;
  readonly inSync: InSync;
  readonly log: { readonly head: number };
  readonly stopped: boolean;
  /** Candidate that is being given everything; null: none. */
  readonly syncing: unknown;
  /** It stands: the heir leads. */
  succeeded(config: GroupConfig): void;
}

/**
 * Names the first other member as the next primary when every member holds the whole log.
 * @param told whether the heir leads, and whether the compare-and-set was sent: then it may lead all the same
 */
export function handOver(
  host: Host,
  primary: HandingOver,
  cas: CompareAndSet,
  told: (handed: boolean, asked: boolean) => void,
): void {
  const { id, inSync, log } = primary;
  const since = host.now();
  const give = (): void => {
    if (primary.stopped) return told(false, false);
    const now = inSync.current;
    const others = now.inSync.filter((member) => member !== id);
    const [heir] = others;
    if (heir === undefined) {
      // The last copy does not leave while another one is about to be whole.
      if (primary.syncing === null && inSync.size === 1) return told(false, false);
      host.after(CANDIDATE_MS, give);
      return;
    }
    // Who does not answer leaves first, as ever. What the heir said before it may have died is not enough.
    if (inSync.busy || !inSync.gathered(log.head) || !inSync.alive(heir, since)) {
      host.after(LOG_MS, give);
      return;
    }
    const next = { ...now, epoch: now.epoch + 1, term: now.term + 1, primary: heir, inSync: others };
    cas(next, now.epoch, (result) => {
      // Another change of this primary's own may have come first.
      if (result === 'conflict' && (inSync.busy || inSync.current !== now)) return give();
      if (result === 'written') primary.succeeded(next);
      told(result === 'written', true);
    });
  };
  give();
}
