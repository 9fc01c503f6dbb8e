// COMMAND: the table describes itself (command/describe.ts); here it only becomes handlers.
import { describe } from '../../command/index.js';
import type { LocalHandler } from './server.js';

const handler: LocalHandler = (request, _client, _server, reply) => describe(request, reply);

/** COMMAND and its subcommands. */
export const commandHandlers: Readonly<Record<string, LocalHandler>> = Object.fromEntries(
  ['', '|count', '|info', '|docs', '|list', '|getkeys', '|getkeysandflags', '|help'].map((sub) => [
    `command${sub}`,
    handler,
  ]),
);
