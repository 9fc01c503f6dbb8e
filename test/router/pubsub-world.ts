// Several routers without data nodes on one fake machine: connections between them carry bytes when told, and what the
// network does to them (freeze, cut, refuse) is the test's doing. Time passes when told.
import type { Conn } from '../../src/net/host.js';
import { encodeCommand } from '../../src/resp/index.js';
import { Router } from '../../src/router/router.js';
import { type FakeConn, FakeHost } from '../net/fake-host.js';

interface Pair {
  from: FakeConn;
  to: FakeConn;
}

/** A client of a router: what it is sent, as latin1 text. */
export class Client {
  constructor(
    private readonly world: World,
    readonly conn: FakeConn,
  ) {}
  /** Sends commands, each given as words, in one piece; gives what came back so far. */
  async say(...lines: string[]): Promise<string> {
    this.send(...lines);
    return this.heard();
  }
  /** Sends; nothing moves between routers before the next turn of the world. */
  send(...lines: string[]): void {
    this.conn.deliver(Buffer.concat(lines.map((line) => encodeCommand(line.split(' ')))));
  }
  /** What came since the last call, once all that is under way has arrived. */
  async heard(): Promise<string> {
    await this.world.settle();
    return this.conn.take().toString('latin1');
  }
  async hangUp(): Promise<void> {
    this.conn.lose();
    await this.world.settle();
  }
}

/** Routers, by number; router n listens on port n. */
export class World {
  readonly host = new FakeHost();
  readonly routers: Router[] = [];
  /** Ports of routers to and from which nothing passes, while connections stand. */
  readonly frozen = new Set<number>();
  /** Ports where nobody listens. */
  readonly deaf = new Set<number>();
  /** Bytes that passed to routers, by port of the receiver. */
  readonly passed: { port: number; text: string }[] = [];
  private pairs: Pair[] = [];
  private paired = 0;
  private readonly ports = new Map<FakeConn, number>();

  /** Adds a router; the others do not know of it before meet(). */
  add(password = ''): Router {
    const port = this.routers.length + 1;
    const id = `router-${port}`;
    const router = new Router(this.host, {
      id,
      deadlineMs: 10_000,
      password,
      maxClients: 100,
      host: '127.0.0.1',
      port,
      pid: 1,
      runId: id,
      version: '0',
      zookeeper: 'none',
      zookeeperState: () => 'connected',
      routers: () => this.all(),
      usage: () => ({ rss: 1, heapUsed: 1, heapTotal: 1, machine: 1, userMicros: 1, systemMicros: 1 }),
      refresh: () => {},
      shutdown: () => {},
    });
    this.routers.push(router);
    return router;
  }
  private all() {
    return this.routers.map(({ id }, i) => ({ id, host: '127.0.0.1', port: i + 1 }));
  }
  /** Tells these routers (or all) who is registered. */
  meet(...who: Router[]): void {
    for (const router of who.length > 0 ? who : this.routers) router.pubsub.setRouters(this.all());
  }
  client(router: Router): Client {
    const conn = this.host.accept();
    conn.handler = router.accept(conn as Conn);
    return new Client(this, conn);
  }

  /** Carries bytes until nothing moves. */
  async settle(): Promise<void> {
    for (let rounds = 0; ; rounds++) {
      if (rounds > 1000) throw new Error('bytes without an end');
      this.host.turn();
      // What promises hold back belongs to the same turn.
      await new Promise((resolve) => setImmediate(resolve));
      this.host.turn();
      if (!this.step()) return;
    }
  }
  /** Time passes, in small steps. */
  async pass(ms: number): Promise<void> {
    await this.settle();
    for (let left = ms; left > 0; left -= 50) {
      this.host.advance(Math.min(50, left));
      await this.settle();
    }
  }
  /** Every connection between these two breaks. */
  async cut(a: number, b: number): Promise<void> {
    for (const { from, to } of [...this.pairs]) {
      const ends = [this.ports.get(from), this.ports.get(to)];
      if (!ends.includes(a) || !ends.includes(b)) continue;
      from.lose();
      to.lose();
    }
    await this.settle();
  }

  private step(): boolean {
    let moved = this.connect();
    for (const pair of [...this.pairs]) {
      const { from, to } = pair;
      if (from.closing || to.closing) {
        this.pairs.splice(this.pairs.indexOf(pair), 1);
        from.lose();
        to.lose();
        moved = true;
        continue;
      }
      if (this.carry(from, to) || this.carry(to, from)) moved = true;
    }
    return moved;
  }
  private carry(from: FakeConn, to: FakeConn): boolean {
    const [a, b] = [this.ports.get(from)!, this.ports.get(to)!];
    if (this.frozen.has(a) || this.frozen.has(b) || from.writes === 0) return false;
    const bytes = from.take();
    this.passed.push({ port: b, text: bytes.toString('latin1') });
    to.deliver(bytes);
    return true;
  }
  private connect(): boolean {
    const { conns } = this.host;
    const from = this.paired;
    this.paired = conns.length;
    for (const conn of conns.slice(from)) {
      const router = this.routers[conn.to.port - 1];
      if (router === undefined || this.deaf.has(conn.to.port)) {
        conn.lose();
        continue;
      }
      const to = this.host.accept();
      this.ports.set(to, conn.to.port);
      this.pairs.push({ from: conn, to });
      to.handler = router.accept(to as Conn);
      conn.open();
      // Who dials says in its hello where it is.
      const port = /router-(\d+)\r\n\$9\r\n127/.exec(peek(conn))?.[1];
      this.ports.set(conn, Number(port ?? 0));
    }
    return conns.length > from;
  }
}

/** What a connection was given to send; it stays there. */
function peek(conn: FakeConn): string {
  const bytes = conn.take();
  conn.write(bytes);
  return bytes.toString('latin1');
}

/** A confirmation or message of RESP2, as Redis sends it. */
export function frame(...parts: (string | number)[]): string {
  const one = (part: string | number) =>
    typeof part === 'number' ? `:${part}\r\n` : `$${part.length}\r\n${part}\r\n`;
  return `*${parts.length}\r\n${parts.map(one).join('')}`;
}
