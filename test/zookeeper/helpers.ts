// What the tests of this folder share: clients that are closed at the end, and waiting for a condition.
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Embedded,
  type EmbeddedOptions,
  startEmbedded,
  ZooKeeper,
  type ZooKeeperOptions,
  type ZooKeeperState,
} from '../../src/zookeeper/index.js';

/** An embedded server with short ticks, closed after the test. */
export async function embedded(t: TestContext, options: EmbeddedOptions = {}): Promise<Embedded> {
  const server = await startEmbedded({ tickMs: 50, maxSessionTimeoutMs: 60_000, ...options });
  t.after(() => server.close());
  return server;
}

/** A connected client and the states it went through, closed after the test. */
export async function client(
  t: TestContext,
  servers: string,
  options: Partial<ZooKeeperOptions> = {},
): Promise<{ zk: ZooKeeper; states: ZooKeeperState[] }> {
  const zk = new ZooKeeper({ servers, sessionTimeoutMs: 2000, ...options });
  t.after(() => zk.close());
  const states: ZooKeeperState[] = [];
  zk.onState((state) => states.push(state));
  await zk.connect();
  return { zk, states };
}

/** Waits until `holds`; the test's own timeout is the only bound that matters, this one names the condition. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 20_000,
): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await sleep(5);
  }
}

/** The state the client reaches next. */
export function next(zk: ZooKeeper, wanted: ZooKeeperState): Promise<void> {
  return new Promise((resolve) => {
    const off = zk.onState((state) => {
      if (state !== wanted) return;
      off();
      resolve();
    });
  });
}
