#!/usr/bin/env node
// Starts the compiled program. Must decide nothing: the command line is src/cli/main.ts's.
import { existsSync } from 'node:fs';

const entry = new URL('../dist/src/cli/entry.js', import.meta.url);
if (existsSync(entry)) {
  await import(entry.href);
} else {
  process.stderr.write('towline: not built yet; run: npm run build\n');
  process.exitCode = 1;
}
