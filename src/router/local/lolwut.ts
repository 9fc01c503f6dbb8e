// LOLWUT: a tug and a barge for each group, on a random sea. Decides nothing.
import { parseInteger } from './parse.js';
import { type LocalHandler, REDIS_VERSION } from './server.js';
import { NOT_INTEGER } from './texts.js';

/** More barges than this are not drawn. */
const MAX_BARGES = 8;

function picture(barges: number, random: () => number): string {
  const rows = ['', '     __', '   __|o|', '   \\____)', ''];
  for (let i = 0; i < barges; i++) {
    rows[1] += '         ';
    rows[2] += i === 0 ? '   _____ ' : '    _____ ';
    rows[3] += '~~[_____]';
  }
  const width = rows[3]!.length + 3;
  for (let i = 0; i < width; i++) rows[4] += random() < 0.3 ? '^' : '~';
  return rows.map((row) => `${row.trimEnd()}\n`).join('');
}

const lolwut: LocalHandler = (request, _client, server, reply) => {
  if (request.argc > 2 && request.is(1, 'version') && parseInteger(request.text(2)) === null) {
    return reply.error(NOT_INTEGER);
  }
  const barges = Math.min(MAX_BARGES, server.groups().length);
  reply.verbatim(
    `${picture(barges, () => server.random())}\nTowline ver. ${server.version}, as Redis ver. ${REDIS_VERSION}\n`,
  );
};

/** LOLWUT. */
export const lolwutHandlers: Readonly<Record<string, LocalHandler>> = { lolwut };
