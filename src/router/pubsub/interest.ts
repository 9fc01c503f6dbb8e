// What this router tells the others that it has subscribers for, or is about to have: each name with the version under
// which it was first told. Pure; what is told leaves through `announce`, and who has heard which version is peers.ts.
import { encodeCommand } from '../../resp/index.js';
import type { Kind } from '../local/index.js';
import { KeyNames } from './key-names.js';
import { byKind } from './subscriptions.js';

/** Names in one message. */
const AT_ONCE = 500;

interface Held {
  /** Told with it. */
  readonly version: number;
  /** SUBSCRIBEs that wait until it has been heard. */
  waiting: number;
}

/** The names that messages must be sent here for. */
export class Interest {
  private readonly held = byKind(() => new Map<string, Held>());
  private version = 0;
  /** Those that keyspace events may be told to. */
  readonly keyNames = new KeyNames();

  constructor(private readonly announce: (message: Buffer) => void) {}

  /** Somebody is about to subscribe to all of these. @returns the version that others must have heard of first */
  hold(kind: Kind, names: readonly string[]): number {
    const held = this.held[kind];
    const news: string[] = [];
    let needed = 0;
    for (const name of names) {
      let known = held.get(name);
      if (known === undefined) {
        if (news.length === 0) this.version++;
        known = { version: this.version, waiting: 0 };
        held.set(name, known);
        this.keyNames.add(kind, name);
        news.push(name);
      }
      known.waiting++;
      needed = Math.max(needed, known.version);
    }
    for (const message of this.adding(kind, news, this.version)) this.announce(message);
    return needed;
  }

  /** The wait of one hold() is over. */
  settle(kind: Kind, name: string, subscribed: boolean): void {
    const known = this.held[kind].get(name);
    if (known === undefined) return;
    known.waiting--;
    if (!subscribed) this.drop(kind, name);
  }

  /** Nobody is subscribed any more; it is kept while somebody is about to be. */
  drop(kind: Kind, name: string): void {
    const known = this.held[kind].get(name);
    if (known === undefined || known.waiting > 0) return;
    this.held[kind].delete(name);
    this.keyNames.remove(kind, name);
    this.announce(encodeCommand(['del', kind, name]));
  }

  /** Tells something that is no name. @returns the version that others have heard of when they have heard it */
  tell(message: Buffer): number {
    this.announce(message);
    this.announce(encodeCommand(['add', ++this.version]));
    return this.version;
  }

  /** Everything, for a router that has heard nothing yet. */
  whole(): Buffer[] {
    const messages: Buffer[] = [];
    for (const kind of ['channel', 'pattern', 'shard'] as const) {
      messages.push(...this.adding(kind, [...this.held[kind].keys()], this.version));
    }
    // Even if there is nothing to tell: that this is all, and that it is of this version, is to be acknowledged.
    messages.push(encodeCommand(['add', this.version]), encodeCommand(['known']));
    return messages;
  }

  /** A version may be told in several messages: only the last names it. */
  private adding(kind: Kind, names: readonly string[], version: number): Buffer[] {
    const messages: Buffer[] = [];
    for (let i = 0; i < names.length; i += AT_ONCE) {
      const last = i + AT_ONCE >= names.length;
      const words: (string | number)[] = ['add', last ? version : version - 1];
      for (const name of names.slice(i, i + AT_ONCE)) words.push(kind, name);
      messages.push(encodeCommand(words));
    }
    return messages;
  }
}
