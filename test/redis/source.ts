// Where Redis's own tests come from: Debian's source package of the very Redis whose replies are promised, fetched
// once with apt-get into a cache. Uses lists of its own, so that it needs no root and changes nothing of the system's.
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The version whose tests are run, as its folder is called. */
const FOLDER = 'redis-7.0.15';
const APT = '/etc/apt';
/** What apt-get may take, ms. */
const PATIENCE_MS = 180_000;

/** Something is missing; the message says what to install. */
export class Missing extends Error {}

const cache = () => join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'towline');

/** The system's archives of Debian as archives of sources, in both forms that apt reads. */
function sourceLists(): { list: string; stanzas: string } {
  const texts = (names: string[]) => names.filter(existsSync).map((name) => readFileSync(name, 'utf8'));
  const parts = join(APT, 'sources.list.d');
  const files = existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : [];
  const lines = texts([join(APT, 'sources.list'), ...files.filter((name) => name.endsWith('.list'))])
    .flatMap((text) => text.split('\n'))
    .filter((line) => /^deb\s.*debian/.test(line));
  const stanzas = texts(files.filter((name) => name.endsWith('.sources')))
    .flatMap((text) => text.split(/\n\s*\n/))
    .filter((stanza) => /^Types:.*\bdeb\b/m.test(stanza) && /^URIs:.*debian/m.test(stanza));
  return {
    list: lines.map((line) => `${line.replace(/^deb\s/, 'deb-src ')}\n`).join(''),
    stanzas: stanzas.map((each) => `${each.replace(/^Types:.*$/m, 'Types: deb-src').trim()}\n`).join('\n'),
  };
}

async function fetchInto(folder: string): Promise<void> {
  const { list, stanzas } = sourceLists();
  for (const name of ['parts', 'lists/partial', 'archives/partial'])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'sources.list'), list);
  writeFileSync(join(folder, 'parts/debian.sources'), stanzas);
  const options = [
    `Dir::Etc::SourceList=${join(folder, 'sources.list')}`,
    `Dir::Etc::SourceParts=${join(folder, 'parts')}`,
    `Dir::State::Lists=${join(folder, 'lists')}`,
    `Dir::Cache::Archives=${join(folder, 'archives')}`,
    `Dir::Cache::pkgcache=${join(folder, 'pkgcache.bin')}`,
    `Dir::Cache::srcpkgcache=${join(folder, 'srcpkgcache.bin')}`,
    'APT::Sandbox::User=',
  ].flatMap((option) => ['-o', option]);
  const apt = (...args: string[]) =>
    run('apt-get', [...options, '-q', ...args], { cwd: folder, timeout: PATIENCE_MS, maxBuffer: 1 << 24 });
  await apt('update');
  await apt('source', 'redis');
}

/**
 * The folder with `runtest`, fetched if it is not there yet.
 * @throws Missing when a program is not installed or the package cannot be had
 */
export async function redisSource(): Promise<string> {
  for (const [program, name] of [
    ['tclsh', 'tcl'],
    ['dpkg-source', 'dpkg-dev'],
    ['redis-cli', 'redis-tools'],
  ] as const) {
    await run('which', [program]).catch(() => {
      throw new Missing(`install ${name}`);
    });
  }
  const folder = join(cache(), FOLDER);
  if (existsSync(join(folder, 'runtest'))) return folder;
  mkdirSync(cache(), { recursive: true });
  const work = mkdtempSync(join(cache(), 'fetch-'));
  try {
    await fetchInto(work);
    if (!existsSync(join(work, FOLDER))) throw new Error(`the archive has another version than ${FOLDER}`);
    renameSync(join(work, FOLDER), folder);
  } catch (error) {
    if (!existsSync(join(folder, 'runtest')))
      throw new Missing(`install Debian's source package of redis: ${(error as Error).message}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}
