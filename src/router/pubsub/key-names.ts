// Which names of channels and patterns may be told of keyspace events, and how many such names there are. Pure.
import type { Kind } from '../local/index.js';

const PREFIX = '__key';

/** Whether a subscriber of this name may hear keyspace events. Of a pattern what stands before its first wildcard counts. */
export function namesKeyEvents(kind: Kind, name: string): boolean {
  if (kind === 'channel') return name.startsWith(PREFIX);
  if (kind === 'shard') return false;
  const plain = /^[^*?[\\]*/.exec(name)![0];
  return plain.length === name.length ? plain.startsWith(PREFIX) : beginsAlike(plain);
}

const beginsAlike = (plain: string): boolean => plain.startsWith(PREFIX) || PREFIX.startsWith(plain);

/** Counts them. */
export class KeyNames {
  count = 0;
  /** There is one, or none any more. */
  changed: () => void = () => {};

  add(kind: Kind, name: string): void {
    if (namesKeyEvents(kind, name) && ++this.count === 1) this.changed();
  }
  remove(kind: Kind, name: string): void {
    if (namesKeyEvents(kind, name) && --this.count === 0) this.changed();
  }
}
