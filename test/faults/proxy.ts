// A TCP proxy between one process and its peers, for what the kernel of a test machine may lack: delay, and a way
// that carries nothing although every connection stays open.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Where a connection goes. */
export interface Target {
  host: string;
  port: number;
}

/** One proxy on loopback. */
export class TcpProxy {
  /** Held back this long, ms, in both directions; Infinity: until it is changed. */
  private delayMs = 0;
  private readonly sockets = new Set<Socket>();
  private turn = 0;
  private held: (() => void)[] = [];

  private constructor(
    private readonly targets: readonly Target[],
    private readonly server: Server,
  ) {
    server.on('connection', (socket) => this.accept(socket));
  }

  /** @param targets connections go to them in turn, and past those that refuse */
  static async start(targets: readonly Target[], host = '127.0.0.1'): Promise<TcpProxy> {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    return new TcpProxy(targets, server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on everything arrives this much later; Infinity: nothing arrives. Order is kept. */
  delay(ms: number): void {
    this.delayMs = ms;
    if (ms !== Number.POSITIVE_INFINITY) for (const go of this.held.splice(0)) go();
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(client: Socket): void {
    const target = this.targets[this.turn++ % this.targets.length]!;
    const upstream = connect({ host: target.host, port: target.port });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (chunk) => this.pass(() => to.write(chunk)));
      from.on('error', () => {});
      from.on('close', () => {
        this.sockets.delete(from);
        this.pass(() => to.destroy());
      });
    }
  }

  private pass(go: () => void): void {
    // Behind what is held back already, so that order is kept.
    if (this.delayMs === Number.POSITIVE_INFINITY || this.held.length > 0) this.held.push(go);
    else if (this.delayMs > 0) setTimeout(go, this.delayMs);
    else go();
  }
}
