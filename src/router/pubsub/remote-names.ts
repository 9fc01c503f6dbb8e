// What other routers have subscribers for, as each of them has told: which of them a message must be sent to.
// Pure; a router that has told nothing yet is not in here.
import { globMatch } from '../../command/index.js';
import type { ChannelKind, Kind } from '../local/index.js';
import { KeyNames } from './key-names.js';
import { type ByKind, byKind } from './subscriptions.js';

/** Names by router and routers by name; `P` is what a router is to the user of this. */
export class RemoteNames<P> {
  private readonly at = byKind(() => new Map<string, Set<P>>());
  /** Those that keyspace events may be told to. */
  readonly keyNames = new KeyNames();
  private readonly of = new Map<P, ByKind<Set<string>>>();

  add(peer: P, kind: Kind, name: string): void {
    let own = this.of.get(peer);
    if (own === undefined) this.of.set(peer, (own = byKind(() => new Set<string>())));
    own[kind].add(name);
    const peers = this.at[kind].get(name);
    if (peers !== undefined) {
      peers.add(peer);
      return;
    }
    this.at[kind].set(name, new Set([peer]));
    this.keyNames.add(kind, name);
  }
  remove(peer: P, kind: Kind, name: string): void {
    if (!this.of.get(peer)?.[kind].delete(name)) return;
    const peers = this.at[kind].get(name)!;
    peers.delete(peer);
    if (peers.size > 0) return;
    this.at[kind].delete(name);
    this.keyNames.remove(kind, name);
  }
  /** All that this router has told is void. */
  forget(peer: P): void {
    const own = this.of.get(peer);
    if (own === undefined) return;
    for (const kind of ['channel', 'pattern', 'shard'] as const) {
      for (const name of [...own[kind]]) this.remove(peer, kind, name);
    }
    this.of.delete(peer);
  }

  /** Whether this router may have a receiver of a message to this channel. */
  wants(peer: P, kind: ChannelKind, name: string): boolean {
    const own = this.of.get(peer);
    if (own === undefined) return false;
    if (own[kind].has(name)) return true;
    if (kind === 'shard') return false;
    for (const pattern of own.pattern) if (globMatch(pattern, name)) return true;
    return false;
  }
  /** Every router that may have a receiver of a message to this channel; null: none. */
  wanting(kind: ChannelKind, name: string): ReadonlySet<P> | null {
    const direct = this.at[kind].get(name) ?? null;
    if (kind === 'shard' || this.at.pattern.size === 0) return direct;
    let all: Set<P> | null = null;
    for (const [pattern, peers] of this.at.pattern) {
      if (!globMatch(pattern, name)) continue;
      all ??= new Set(direct ?? []);
      for (const peer of peers) all.add(peer);
    }
    return all ?? direct;
  }
  /** Routers with subscribers of exactly this name. */
  having(kind: Kind, name: string): ReadonlySet<P> {
    return this.at[kind].get(name) ?? new Set();
  }
  names(kind: Kind): IterableIterator<string> {
    return this.at[kind].keys();
  }
}
