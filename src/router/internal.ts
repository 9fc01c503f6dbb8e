// Commands that only other processes of Towline send to a router, and operators by hand: no rows of the command table.
import type { RingDocument } from '../ring/index.js';
import type { LocalHandler } from './local/index.js';
import type { PubSub } from './pubsub/pubsub.js';
import type { RouterConfig } from './router-config.js';

/** What they need of the router. */
export interface InternalOwner {
  readonly config: RouterConfig;
  readonly pubsub: PubSub;
  ringDocument(): RingDocument;
  /** Commands sent to each group. */
  work(): Record<string, { reads: number; writes: number }>;
}

/** Whether a request is one of these. */
export const INTERNAL = ['towline.status', 'towline.peer'] as const;

/** `TOWLINE.STATUS` and `TOWLINE.PEER`. */
export function internalHandler(owner: InternalOwner): LocalHandler {
  return (request, client, _server, reply) => {
    if (request.is(0, 'towline.peer')) return owner.pubsub.heard(request, client, reply);
    const { id, pid, port, zookeeper } = owner.config;
    const { version: ringVersion } = owner.ringDocument();
    reply.bulk(JSON.stringify({ id, pid, port, ringVersion, zookeeper, groups: owner.work() }));
  };
}
