// Preloaded into a process under measurement (`node --import`): writes, ten times a second, the longest time that its
// event loop was held up, the longest garbage collection, and its memory. Must never change what the process does.
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

const WINDOW_MS = 100;
const file = process.env['SYNC_WATCH_FILE'];

if (file !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let collected = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collected = Math.max(collected, duration);
  }).observe({ entryTypes: ['gc'] });
  setInterval(() => {
    const { rss } = process.memoryUsage();
    const held = delay.count > 0 ? delay.max / 1e6 : 0;
    appendFileSync(file, `${Date.now()} ${held.toFixed(1)} ${collected.toFixed(1)} ${rss}\n`);
    delay.reset();
    collected = 0;
  }, WINDOW_MS).unref();
}
