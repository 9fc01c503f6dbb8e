// Tells other members of a new configuration, so that they need not wait for ZooKeeper's word. Nothing depends on its
// arrival: whoever does not hear it here reads it there.
import { addressOf, type GroupConfig } from '../commit/index.js';
import { tellConfig } from '../net/config-message.js';
import type { Conn, Host } from '../net/host.js';

/** Connections to members, made before there is anything to tell. */
export class Herald {
  private readonly conns: readonly Conn[];

  /** @param members ids; told in this order */
  constructor(host: Host, members: readonly string[]) {
    const addresses = members.map(addressOf).filter((address) => address !== null);
    this.conns = addresses.map((address) => host.connect(address, { data() {}, closed() {} }));
  }

  /** Tells all of them, once; who has heard it ends the connection. */
  tell(group: string, config: GroupConfig): void {
    const bytes = tellConfig(group, config);
    for (const conn of this.conns) conn.write(bytes);
  }

  /** What was told still leaves. */
  stop(): void {
    for (const conn of this.conns) conn.end();
  }
}
