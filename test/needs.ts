// What a test may need beyond npm's packages. Absent: skipped with the words that mend it; under CI=true: a failure.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const PACKAGES = {
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  'redis-benchmark': 'redis-tools',
  nutcracker: 'nutcracker',
  java: 'default-jre-headless',
  '/usr/share/java/zookeeper.jar': 'zookeeper',
  '/usr/share/java/slf4j-simple.jar': 'libslf4j-java',
} as const;

/** A program on PATH, or an absolute path of a file, that some tests need. */
export type Need = keyof typeof PACKAGES;

/** The jars and runtime of Debian's ZooKeeper. */
export const ZOOKEEPER: Need[] = [
  'java',
  '/usr/share/java/zookeeper.jar',
  '/usr/share/java/slf4j-simple.jar',
];

function present(need: Need): boolean {
  const places = need.startsWith('/')
    ? [need]
    : [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'].map((dir) => join(dir, need));
  return places.some((path) => {
    try {
      accessSync(path, need.startsWith('/') ? constants.R_OK : constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Options for node:test's `test` or `describe`: `{}` when all needs are present, else `{ skip: 'skipped: install ...' }`.
 * @throws Error when something is absent and CI=true, so that CI never passes by skipping.
 */
export function needs(...wanted: Need[]): { skip?: string } {
  const absent = wanted.filter((need) => !present(need));
  if (absent.length === 0) return {};
  const reason = `skipped: install ${[...new Set(absent.map((need) => PACKAGES[need]))].join(' ')}`;
  if (process.env['CI'] === 'true') throw new Error(`CI must not skip: ${reason}`);
  return { skip: reason };
}
