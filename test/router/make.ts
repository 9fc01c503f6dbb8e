// Requests, routes and rows for the router's tests.
import { type CommandRow, resolve } from '../../src/command/index.js';
import { encodeCommand, type Request, RequestParser } from '../../src/resp/index.js';
import { Route } from '../../src/router/route.js';

/** The request that these words are; blanks separate them. */
export function request(text: string): Request {
  const parser = new RequestParser();
  parser.feed(encodeCommand(text.split(' ')));
  if (!parser.next()) throw new Error('no request');
  return parser.request.clone();
}

/** Its row in the command table. */
export function rowOf(of: Request): CommandRow {
  const row = resolve(of);
  if (row === null) throw new Error(`no row for ${of.text(0)}`);
  return row;
}

/** A ring of these groups, all of the same weight. */
export function route(version: number, ...ids: string[]): Route {
  return new Route({ version, groups: ids.map((id) => ({ id, weight: 1 })), history: [], abandoned: [] });
}

/** A key that begins with `prefix` and lives in this group. */
export function keyIn(of: Route, group: string, prefix = 'k'): string {
  for (let n = 0; n < 10_000; n++) {
    const key = `${prefix}${n}`;
    if (of.groups[of.ownerOf(request(`GET ${key}`), 1)] === group) return key;
  }
  throw new Error(`no key of ${group} found`);
}

/** Commands as texts. */
export function commands(bytes: Buffer): string[] {
  const parser = new RequestParser();
  parser.feed(bytes);
  const found: string[] = [];
  while (parser.next()) found.push(parser.request.texts().join(' '));
  if (parser.pending > 0) throw new Error('half a command');
  return found;
}
