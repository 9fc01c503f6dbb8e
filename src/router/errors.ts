// Error replies that more than one part of the router gives.
import { Buffer } from 'node:buffer';
import type { Plan } from '../commit/index.js';

/** An error reply: one line, whatever `text` holds. */
export function errorReply(text: string): Buffer {
  return Buffer.from(`-${text.replace(/[\r\n]/g, ' ')}\r\n`, 'latin1');
}

/** The error for a command that needs a group which is lost. */
export function groupLost(group: string): Buffer {
  return errorReply(`GROUPLOST group ${group} has lost every in-sync member; nothing was executed`);
}

/** The plan, unless it needs a group that is lost: then the error that says so. An error stays what it is. */
export function unlessLost(owner: { lost(group: string): boolean }, plan: Plan | Buffer): Plan | Buffer {
  if (Buffer.isBuffer(plan)) return plan;
  const lost = plan.shares.find(({ group }) => owner.lost(group));
  return lost === undefined ? plan : groupLost(lost.group);
}

/** Nobody holds keys yet. */
export const NO_GROUPS = errorReply('CLUSTERDOWN no group of data nodes has joined yet');
/** A command found no room on its way in time. */
export const NO_ROOM = errorReply('TIMEOUT a group did not answer in time; nothing was executed');

/** A million times databases were swapped while keys move, under one version of the ring. */
export const MANY_SWAPS = errorReply(
  'TRYAGAIN too many SWAPDB while keys move to other groups; nothing was executed',
);
/** The same inside EXEC. */
export const MANY_SWAPS_IN_EXEC = errorReply(
  'EXECABORT Transaction discarded because of: too many SWAPDB while keys move to other groups',
);

/** A command was sent, and nobody answered in time (R10). */
export const UNCERTAIN = errorReply('UNCERTAIN the command may or may not have been executed');
