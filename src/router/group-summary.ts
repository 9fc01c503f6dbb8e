// One group as a router's own commands show it. Pure.
import { addressOf, type GroupConfig } from '../commit/index.js';
import type { GroupSummary } from './local/index.js';

/** @param config undefined: not known yet */
export function summaryOf(
  id: string,
  config: GroupConfig | undefined,
  state: GroupSummary['state'],
): GroupSummary {
  const at = config === undefined ? null : addressOf(config.primary);
  return {
    id,
    epoch: config?.epoch ?? 0,
    term: config?.term ?? 0,
    primary: config === undefined || at === null ? null : { id: config.primary, ...at },
    inSync: config?.inSync ?? [],
    state,
  };
}
