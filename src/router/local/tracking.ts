// CLIENT TRACKING, CACHING, GETREDIR and TRACKINGINFO: options in, Redis's errors and descriptions out. Who is told what is
// behind the TrackingDesk.
import type { Request } from '../../resp/index.js';
import type { TrackingOptions } from '../tracking/state.js';
import type { ClientState } from './client.js';
import type { Clients } from './clients.js';
import { parseInteger } from './parse.js';
import type { LocalHandler } from './server.js';
import { NOT_INTEGER, SYNTAX } from './texts.js';

/** What these commands ask of the router. */
export interface TrackingDesk {
  enable(client: ClientState, options: TrackingOptions, done: () => void): void;
  disable(client: ClientState): void;
  /** For INFO: clients that track, keys and pairs of key and client remembered, prefixes. */
  readonly clients: number;
  readonly keys: number;
  readonly items: number;
  readonly prefixes: number;
}

/** Reads the options; a text is the error to answer. */
function optionsOf(request: Request, clients: Clients): TrackingOptions | string {
  const options: TrackingOptions = {
    bcast: false,
    optin: false,
    optout: false,
    noloop: false,
    redirect: 0,
    prefixes: [],
  };
  for (let i = 3; i < request.argc; i++) {
    const more = i + 1 < request.argc;
    if (request.is(i, 'redirect') && more) {
      if (options.redirect !== 0) return 'ERR A client can only redirect to a single other client';
      const id = parseInteger(request.text(++i));
      if (id === null) return NOT_INTEGER;
      options.redirect = Number(id);
      if (clients.byId(options.redirect) === undefined)
        return 'ERR The client ID you want redirect to does not exist';
    } else if (request.is(i, 'bcast')) options.bcast = true;
    else if (request.is(i, 'optin')) options.optin = true;
    else if (request.is(i, 'optout')) options.optout = true;
    else if (request.is(i, 'noloop')) options.noloop = true;
    else if (request.is(i, 'prefix') && more) options.prefixes.push(request.text(++i));
    else return SYNTAX;
  }
  return options;
}

const alike = (a: string, b: string): boolean => a.startsWith(b) || b.startsWith(a);
const APART = 'Prefixes for a single client must not overlap.';

function overlap(prefixes: readonly string[], known: Iterable<string>): string | null {
  const before = [...known];
  for (const [i, prefix] of prefixes.entries()) {
    const old = before.find((each) => alike(each, prefix));
    if (old !== undefined)
      return `ERR Prefix '${prefix}' overlaps with an existing prefix '${old}'. ${APART}`;
    const other = prefixes.slice(i + 1).find((each) => alike(each, prefix));
    if (other !== undefined)
      return `ERR Prefix '${prefix}' overlaps with another provided prefix '${other}'. ${APART}`;
  }
  return null;
}

/** Why these options cannot be switched on; null: they can. */
function refusal(client: ClientState, { bcast, optin, optout, prefixes }: TrackingOptions): string | null {
  const now = client.tracking?.options;
  if (!bcast && prefixes.length > 0) return 'ERR PREFIX option requires BCAST mode to be enabled';
  if (now !== undefined && now.bcast !== bcast)
    return "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.";
  if (bcast && (optin || optout)) return 'ERR OPTIN and OPTOUT are not compatible with BCAST';
  if (optin && optout) return "ERR You can't specify both OPTIN mode and OPTOUT mode";
  if ((optin && now?.optout) || (optout && now?.optin))
    return "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.";
  return bcast ? overlap(prefixes, client.tracking?.prefixes ?? []) : null;
}

const tracking: LocalHandler = (request, client, server, reply) => {
  const options = optionsOf(request, server.clients);
  if (typeof options === 'string') return reply.error(options);
  if (request.is(2, 'off')) {
    server.tracking.disable(client);
    return reply.ok();
  }
  if (!request.is(2, 'on')) return reply.error(SYNTAX);
  const wrong = refusal(client, options);
  if (wrong !== null) return reply.error(wrong);
  reply.ok();
  return new Promise((resolve) => server.tracking.enable(client, options, resolve));
};

const caching: LocalHandler = (request, { tracking: state }, _server, reply) => {
  if (state === null) {
    return reply.error(
      'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
    );
  }
  const { optin, optout } = state.options;
  if (request.is(2, 'yes')) {
    if (!optin)
      return reply.error('ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.');
  } else if (request.is(2, 'no')) {
    if (!optout)
      return reply.error('ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.');
  } else return reply.error(SYNTAX);
  state.caching = true;
  reply.ok();
};

/** The words of TRACKINGINFO's flags. */
function flagsOf({ tracking: state }: ClientState): string[] {
  if (state === null) return ['off'];
  const { bcast, optin, optout, noloop } = state.options;
  const flags: [boolean, string][] = [
    [true, 'on'],
    [bcast, 'bcast'],
    [optin, 'optin'],
    [optin && state.caching, 'caching-yes'],
    [optout, 'optout'],
    [optout && state.caching, 'caching-no'],
    [noloop, 'noloop'],
    [state.broken, 'broken_redirect'],
  ];
  return flags.filter(([holds]) => holds).map(([, word]) => word);
}

const info: LocalHandler = (_request, client, _server, reply) => {
  reply.map(3);
  reply.bulk('flags');
  const flags = flagsOf(client);
  reply.set(flags.length);
  for (const flag of flags) reply.bulk(flag);
  reply.bulk('redirect');
  reply.integer(client.tracking?.options.redirect ?? -1);
  reply.bulk('prefixes');
  const prefixes = [...(client.tracking?.prefixes ?? [])].sort();
  reply.array(prefixes.length);
  for (const prefix of prefixes) reply.bulk(prefix);
};

/** CLIENT subcommands about tracking. */
export const trackingHandlers: Readonly<Record<string, LocalHandler>> = {
  'client|tracking': tracking,
  'client|caching': caching,
  'client|trackinginfo': info,
  'client|getredir': (_request, client, _server, reply) =>
    reply.integer(client.tracking?.options.redirect ?? -1),
};

/** Those that wait for primaries. */
export const trackingWaits: readonly string[] = ['client|tracking'];
