// A group's configuration as processes tell it to each other: `TOWLINE.CONFIG group json`, and the question for it,
// `TOWLINE.CONFIG group`. Whoever is told takes it only if it is newer than what it knows (R7): what a process has
// read or written was ZooKeeper's once, so it may be late but is never untrue.
import { Buffer } from 'node:buffer';
import { type GroupConfig, isGroupConfig } from '../commit/index.js';
import { encodeCommand, ProtocolError } from '../resp/index.js';

const NAME = 'TOWLINE.CONFIG';
/** First byte of a push message. */
const PUSH = 62;

/** The question which configuration of `group` the other end knows. */
export function askConfig(group: string): Buffer {
  return encodeCommand([NAME, group]);
}

/** The configuration, as a message of its own. */
export function tellConfig(group: string, config: GroupConfig): Buffer {
  const { epoch, term, primary, inSync, created } = config;
  const json = JSON.stringify({ epoch, term, primary, inSync, created });
  return encodeCommand([NAME, group, Buffer.from(json, 'utf8')]);
}

/** The configuration, as a push message among replies. */
export function pushConfig(group: string, config: GroupConfig): Buffer {
  const bytes = tellConfig(group, config);
  bytes[0] = PUSH;
  return bytes;
}

/** The configuration in a message. @throws ProtocolError when it is none */
export function readConfig(json: string): GroupConfig {
  let config: unknown;
  try {
    config = JSON.parse(json);
  } catch {
    throw new ProtocolError('a configuration that is no JSON');
  }
  if (!isGroupConfig(config)) throw new ProtocolError('a configuration that is none');
  const { epoch, term, primary, inSync, created = 1 } = config;
  const sound = epoch >= 1 && term >= 1 && Number.isSafeInteger(created) && inSync.includes(primary);
  if (!sound) throw new ProtocolError('a configuration that cannot be');
  return config;
}
