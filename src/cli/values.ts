// Turns the text of an option into its value, or says what would have been valid. Knows nothing of where the text
// came from (flag, environment, file): settings.ts adds that to the message.
import type { DrainRate } from '../net/drain.js';
import { isGroupId } from '../ring/index.js';
import { UsageError } from './failure.js';

/** An address of a TCP endpoint. */
export interface HostPort {
  host: string;
  port: number;
}

/** The error for a text that is no value of its option. @param wanted what would be one */
export function invalid(text: string, wanted: string): UsageError {
  return new UsageError(`'${text}' is not valid: expected ${wanted}`);
}

/** A whole number in [least, most]. */
export function integer(least: number, most: number, what = 'a whole number'): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d{1,16}$/.test(text) || value < least || value > most) {
      throw invalid(text, `${what} from ${least} to ${most}`);
    }
    return value;
  };
}

/** A TCP port; 0 stands for any free one. */
export const port = integer(0, 65535, 'a port');

/** A share: a number from 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || !(value >= 0 && value <= 1)) throw invalid(text, 'a number from 0 to 1');
  return value;
}

/** How fast keys move: `auto`, `max`, or a number of them a second. */
export function drainRate(text: string): DrainRate {
  if (text === 'auto' || text === 'max') return text;
  if (!/^\d{1,9}$/.test(text)) throw invalid(text, 'auto, max, or a number of keys a second');
  return Number(text);
}

/** Seconds: a number from 0 to 2,000,000 (a timer's limit), fractions allowed. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || value > 2_000_000) throw invalid(text, 'seconds, such as 10 or 0.5');
  return value;
}

/** A switch: 1, true, yes, on or 0, false, no, off. */
export function flag(text: string): boolean {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off)$/i.test(text)) return false;
  throw invalid(text, '1 or 0');
}

/** One of a few words. */
export function oneOf<T extends string>(...words: T[]): (text: string) => T {
  return (text) => {
    const word = words.find((one) => one === text);
    if (word === undefined) throw invalid(text, `one of ${words.join(', ')}`);
    return word;
  };
}

/** The name of a group. */
export function groupId(text: string): string {
  if (!isGroupId(text)) throw invalid(text, "a group's name: 1 to 64 letters, digits, '-', '_' or '.'");
  return text;
}

/** A name or address to listen on. */
export function host(text: string): string {
  if (!/^[A-Za-z0-9._:-]{1,255}$/.test(text)) throw invalid(text, 'a host name or address');
  return text;
}

/** Any text that is not empty. */
export function words(text: string): string {
  if (text.length === 0) throw invalid(text, 'a text that is not empty');
  return text;
}

function hostPort(text: string): HostPort {
  const colon = text.lastIndexOf(':');
  const name = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const number = text.slice(colon + 1);
  const valid = colon > 0 && /^[A-Za-z0-9._:-]{1,255}$/.test(name) && /^\d{1,5}$/.test(number);
  if (!valid || Number(number) < 1 || Number(number) > 65535) {
    throw invalid(text, 'host:port, such as 127.0.0.1:2181');
  }
  return { host: name, port: Number(number) };
}

/** `host:port,host:port`: at least one, at most 64. */
export function hostPorts(text: string): HostPort[] {
  const parts = text.split(',');
  if (parts.length > 64) throw invalid(text, 'at most 64 of host:port');
  return parts.map((part) => hostPort(part.trim()));
}

/** A list of host:port as the text that ZooKeeper clients take. */
export function hostPortText(text: string): string {
  return hostPorts(text)
    .map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
    .join(',');
}
