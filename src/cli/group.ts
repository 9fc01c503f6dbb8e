// `towline group`: what only an operator may decide about a group. `reset` gives up the data of a group that has lost
// every in-sync member, and begins it anew, empty; `sync` lets a spare into the in-sync set.
import { Command } from 'commander';
import { addressOf, type GroupConfig, type Registration } from '../commit/index.js';
import { PATHS } from '../net/directory.js';
import { changeRing } from '../net/ring-change.js';
import { beginAnew, EMPTY_RING, type RingDocument, standingOf } from '../ring/index.js';
import { CasDocument, hasCode, ZooKeeper } from '../zookeeper/index.js';
import { ask, askStatus } from './ask.js';
import { codeOf, Failure } from './failure.js';

const TIMEOUT_MS = 5000;

interface Where {
  zookeeper?: string;
  port: string;
  host: string;
}

async function withZooKeeper<T>(where: Where, work: (zk: ZooKeeper) => Promise<T>): Promise<T> {
  const { host, port } = where;
  let servers = where.zookeeper ?? process.env['TOWLINE_ZOOKEEPER'];
  if (servers === undefined) {
    const status = await askStatus({ host, port: Number(port), timeoutMs: TIMEOUT_MS });
    servers = String(status['zookeeper']);
  }
  const zk = new ZooKeeper({ servers, requestTimeoutMs: TIMEOUT_MS });
  try {
    await zk.connect(TIMEOUT_MS).catch((error: Error) => {
      throw new Failure(`ZooKeeper at ${servers} cannot be reached (${error.message})`);
    });
    return await work(zk);
  } finally {
    await zk.close();
  }
}

/** Registered members of a group, in the order of their registration. */
async function membersOf(zk: ZooKeeper, group: string): Promise<Registration[]> {
  const path = PATHS.members(group);
  const found: { czxid: bigint; info: Registration }[] = [];
  try {
    for (const name of (await zk.children(path)).names) {
      const { data, stat } = await zk.get(`${path}/${name}`);
      found.push({ czxid: stat.czxid, info: JSON.parse(data.toString()) as Registration });
    }
  } catch (error) {
    if (!hasCode(error, 'NO_NODE')) throw error;
  }
  return found.sort((a, b) => (a.czxid < b.czxid ? -1 : 1)).map(({ info }) => info);
}

/**
 * Why it is not sure that the process of this member is gone; null: it is. Silence proves nothing: a process that is
 * frozen, or cut off, may come back, and would lead a group of one at once (R6).
 */
async function mayLive(member: string): Promise<string | null> {
  const address = addressOf(member);
  if (address === null) return null;
  try {
    const { id } = await askStatus({ ...address, timeoutMs: 1000 });
    return id === member ? 'still runs: stop it first if its data is to be given up' : null;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // Nobody listens where it did: it has ended.
    if (codeOf(error.cause) === 'ECONNREFUSED') return null;
    return `may still run (${error.message}): stop it, or, if it cannot come back, add --gone ${member}`;
  }
}

/**
 * Begins a lost group anew.
 * @param gone members whose processes the operator vouches for: they cannot come back
 * @throws Failure when it is not lost, when old processes may live, or when nobody could take over
 */
async function reset(where: Where, group: string, gone: readonly string[]): Promise<void> {
  await withZooKeeper(where, async (zk) => {
    const document = new CasDocument<GroupConfig>(zk, PATHS.config(group));
    const now = await document.read();
    if (now === null) throw new Failure(`there is no group ${group}`);
    const ring = (await new CasDocument<RingDocument>(zk, PATHS.ring).read())?.value ?? EMPTY_RING;
    const standing = standingOf(ring, group);
    if (standing === 'abandoned' || standing === 'released') {
      throw new Failure(`group ${group} was ${standing}: the ring will not name it again`);
    }
    const members = await membersOf(zk, group);
    for (const member of now.value.inSync) {
      if (members.some(({ id }) => id === member)) {
        throw new Failure(
          `member ${member} is still registered, so group ${group} is not lost: stop it first if its data is to be ` +
            'given up (one that was killed stays registered for some seconds)',
        );
      }
      const why = gone.includes(member) ? null : await mayLive(member);
      if (why !== null) throw new Failure(`member ${member} of group ${group} ${why}`);
    }
    const fresh = members.filter(({ hotfix }) => hotfix === true).map(({ id }) => id);
    const primary = fresh[0];
    if (primary === undefined) throw new Failure(`start a data node first: towline data --group ${group}`);
    // First of all, so that whoever leads the group then knows of it, and nobody goes by what was known before (R1).
    const change = (ring: RingDocument) => beginAnew(ring, group);
    const published = await changeRing(zk, { change, lack: async () => null, lockMs: TIMEOUT_MS });
    if ('refused' in published) throw new Failure(published.refused);
    const epoch = now.value.epoch + 1;
    const next: GroupConfig = { epoch, term: now.value.term + 1, primary, inSync: fresh, created: epoch };
    await document.write(next, now);
    process.stdout.write(`group ${group} begins anew, empty, with ${fresh.join(', ')}\n`);
  });
}

/** Lets a spare in. @throws Failure when the primary refuses */
async function sync(where: Where, group: string, member: string): Promise<void> {
  await withZooKeeper(where, async (zk) => {
    const config = (await new CasDocument<GroupConfig>(zk, PATHS.config(group)).read())?.value;
    const address = config && addressOf(config.primary);
    if (!address) throw new Failure(`there is no group ${group}`);
    await ask({ ...address, command: ['TOWLINE.ADMIT', member], timeoutMs: TIMEOUT_MS });
    process.stdout.write(`${member} is being synced; see: towline status\n`);
  });
}

const where = (command: Command): Command =>
  command
    .option('--zookeeper <servers>', 'host:port,... (default: TOWLINE_ZOOKEEPER, or what the router says)')
    .option('--host <host>', 'host of a router to ask', '127.0.0.1')
    .option('--port <port>', 'port of a router to ask', '6380');

/** The command `towline group`; `done` gets the exit code. */
export function groupCommand(done: (code: number) => void): Command {
  const group = new Command('group').description("decide what only an operator may about a group's members");
  where(
    group
      .command('reset <group>')
      .description('give up the data of a lost group, and begin it anew, empty')
      .requiredOption('--accept-data-loss', 'say that the data is given up')
      .option('--gone <members...>', 'members that do not answer and, as you know, cannot come back'),
  ).action(async (name: string, options: Where & { gone?: string[] }) => {
    await reset(options, name, options.gone ?? []);
    done(0);
  });
  where(
    group.command('sync <group> <member>').description('let a spare (hotfix 0) into the in-sync set'),
  ).action(async (name: string, member: string, options: Where) => {
    await sync(options, name, member);
    done(0);
  });
  return group;
}
