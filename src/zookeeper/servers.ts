// Reads the connection string: which servers, in which chroot. Contacts nobody.
import { validPath } from './path.js';

/** One server's address. */
export interface ServerAddress {
  host: string;
  port: number;
}

const DEFAULT_PORT = 2181;

/**
 * Parses `host[:port],[ipv6]:port,.../chroot`.
 * @returns the servers in the order given, and the chroot ('' for none)
 * @throws RangeError naming what is wrong
 */
export function parseServers(text: string): { servers: ServerAddress[]; chroot: string } {
  const slash = text.indexOf('/');
  const list = slash === -1 ? text : text.slice(0, slash);
  const root = slash === -1 ? '/' : text.slice(slash);
  if (!validPath(root)) throw new RangeError(`not a ZooKeeper path: ${root}`);
  const servers = list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseServer);
  if (servers.length === 0) throw new RangeError(`no ZooKeeper server in "${text}"`);
  return { servers, chroot: root === '/' ? '' : root };
}

function parseServer(text: string): ServerAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535) throw new RangeError(`not host:port: "${text}"`);
  return { host, port };
}
