// How much one command may be: little before the client has given the password, as Redis limits it.
import type { RequestParser } from '../resp/index.js';
import { authRequired, type ClientState, type RouterServer } from './local/index.js';

const UNAUTHENTICATED = { args: 10, bulk: 16 * 1024 };

/** Sets the bounds that hold for this client from now on. */
export function limitParser(
  parser: RequestParser,
  client: ClientState,
  router: RouterServer & { readonly authentication: boolean },
): void {
  if (router.authentication && authRequired(client, router)) {
    parser.limit(UNAUTHENTICATED.args, UNAUTHENTICATED.bulk);
  } else parser.limit(undefined, router.settings.values.protoMaxBulkLen);
}
