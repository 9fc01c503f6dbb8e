// What a router knows of itself from its configuration, as its own commands ask for it.
import type { LockDesk, RouterSummary, Usage } from './local/index.js';
import type { RouterConfig } from './router-config.js';

/** The facts of one router. */
export class RouterFacts {
  constructor(readonly config: RouterConfig) {}

  get id(): string {
    return this.config.id;
  }
  get deadlineMs(): number {
    return this.config.deadlineMs;
  }
  get port(): number {
    return this.config.port;
  }
  get runId(): string {
    return this.config.runId;
  }
  get pid(): number {
    return this.config.pid;
  }
  get version(): string {
    return this.config.version;
  }
  get zookeeper(): string {
    return this.config.zookeeper;
  }
  zookeeperState(): ReturnType<RouterConfig['zookeeperState']> {
    return this.config.zookeeperState();
  }
  routers(): RouterSummary[] {
    return this.config.routers();
  }
  get locks(): LockDesk | null {
    return this.config.locks ?? null;
  }
  usage(): Usage {
    return this.config.usage();
  }
  shutdown(): void {
    this.config.shutdown();
  }
}
