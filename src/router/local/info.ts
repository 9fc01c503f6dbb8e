// INFO: which sections are asked for, and what the groups add to them. The sections are info-sections.ts.
// Waits for data nodes only when a section needs them, and answers without those that stay silent.
import { Buffer } from 'node:buffer';
import { encodeCommand, type Request } from '../../resp/index.js';
import { type Keyspace, SECTIONS, type Section } from './info-sections.js';
import { parseSmall } from './parse.js';
import type { LocalHandler, ReplyValue, RouterServer } from './server.js';

/** Names that INFO accepts in place of many. */
const DEFAULT = SECTIONS.filter((section) => section.byDefault);

/** The sections asked for, in Redis's order whatever the order of the words. */
function wanted(request: Request): Section[] {
  if (request.argc === 1) return DEFAULT;
  const names = new Set<string>();
  for (let i = 1; i < request.argc; i++) {
    const word = request.text(i).toLowerCase();
    if (word === 'all' || word === 'everything') return [...SECTIONS];
    if (word === 'default') for (const section of DEFAULT) names.add(section.name);
    else names.add(word);
  }
  return SECTIONS.filter((section) => names.has(section.name));
}

/** What the groups' primaries say in INFO, added up. */
async function askKeyspace(server: RouterServer): Promise<Keyspace> {
  const answers = await server.askAll(encodeCommand(['INFO', 'memory', 'stats', 'keyspace']), 0);
  const sums: Keyspace = { totals: new Map(), databases: new Map(), silent: [] };
  for (const [group, answer] of answers) {
    const text = asText(answer);
    if (text === null) sums.silent.push(group);
    else for (const line of text.split('\r\n')) addLine(sums, line);
  }
  return sums;
}

function asText(answer: ReplyValue): string | null {
  if (typeof answer === 'string') return answer;
  return Buffer.isBuffer(answer) ? answer.toString('latin1') : null;
}

const DATABASE = /^db([0-9]{1,2}):keys=([0-9]+),expires=([0-9]+),avg_ttl=([0-9]+)/;

function addLine({ totals, databases }: Keyspace, line: string): void {
  const database = DATABASE.exec(line);
  if (database !== null) {
    const [db, keys, expires, ttl] = database.slice(1).map(Number) as [number, number, number, number];
    const sum = databases.get(db) ?? { keys: 0, expires: 0, ttlSum: 0 };
    databases.set(db, {
      keys: sum.keys + keys,
      expires: sum.expires + expires,
      ttlSum: sum.ttlSum + ttl * expires,
    });
    return;
  }
  const colon = line.indexOf(':');
  const value = colon < 0 ? null : parseSmall(line.slice(colon + 1));
  if (value === null) return;
  const name = line.slice(0, colon);
  totals.set(name, (totals.get(name) ?? 0) + value);
}

const NOTHING: Keyspace = { totals: new Map(), databases: new Map(), silent: [] };

const info: LocalHandler = (request, client, server, reply) => {
  const sections = wanted(request);
  const write = (keyspace: Keyspace) =>
    reply.verbatim(
      sections
        .map(({ title, lines }) =>
          [`# ${title}`, ...lines({ client, server, keyspace })].map((line) => `${line}\r\n`).join(''),
        )
        .join('\r\n'),
    );
  if (!sections.some((section) => section.asksGroups)) return write(NOTHING);
  return askKeyspace(server).then(write);
};

/** INFO. */
export const infoHandlers: Readonly<Record<string, LocalHandler>> = { info };

/** Those of them that may return a promise. */
export const infoWaits: readonly string[] = ['info'];
