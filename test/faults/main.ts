// `npm run test:faults -- --minutes M [--seed S]`: faults on real processes under load, and what came of them.
// Exit code 1 if anything was lost, wrong, different between copies, or did not heal.
import { parseArgs } from 'node:util';
import { needs, ZOOKEEPER } from '../needs.js';
import { KINDS } from './kinds.js';
import { Network, whyNoNamespaces } from './network.js';
import { compareRedis } from './redis.js';
import { runFaults, sound } from './run.js';
import { lines, tableOf } from './table.js';

const USAGE = `npm run test:faults -- [options]
  --minutes M      how long faults are injected (default 2)
  --seed S         same seed, same faults (default: by chance, and printed)
  --rounds N       at most N faults
  --only TEXT      only the kind of this name, or those whose name contains TEXT; may be repeated
  --groups N       default 2
  --members N      of each group, default 3
  --routers N      default 3
  --away-ms N      how long ZooKeeper is stopped (default 10000)
  --embedded       the embedded ZooKeeper even where Debian's is installed
  --no-namespaces  no network faults
  --redis          the same ledger against Redis with a replica instead
  --json           print JSON
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string' },
      rounds: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      groups: { type: 'string', default: '2' },
      members: { type: 'string', default: '3' },
      routers: { type: 'string', default: '3' },
      'away-ms': { type: 'string', default: '10000' },
      embedded: { type: 'boolean', default: false },
      'no-namespaces': { type: 'boolean', default: false },
      redis: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const say = (line: string) => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  if (values.redis) return compareRedis(seed, Number(values.rounds ?? 5), say);
  const { skip } = needs(...ZOOKEEPER);
  const real = skip === undefined && !values.embedded;
  if (!real) say(`embedded ZooKeeper: ${skip ?? 'asked for'}`);
  const reason = values['no-namespaces']
    ? 'not wanted'
    : real
      ? whyNoNamespaces()
      : 'they need the real ZooKeeper';
  if (reason !== null) say(`network faults skipped: ${reason}`);
  const network = reason === null ? new Network() : null;
  const members = Number(values.members);
  const kinds = KINDS.filter(({ name, needs: need }) => {
    if (need === 'namespaces' && network === null) return false;
    if (need === 'three-zookeepers' && !real) return false;
    if (need === 'three-members' && members < 3) return false;
    const exact = KINDS.filter((kind) => values.only.includes(kind.name));
    if (exact.length > 0) return values.only.includes(name);
    return values.only.length === 0 || values.only.some((text) => name.includes(text));
  });
  if (kinds.length === 0) throw new Error('no kind of fault is left');
  say(
    `seed ${seed}, ${kinds.length} kinds of faults, ${real ? 'three ZooKeeper servers' : 'embedded ZooKeeper'}`,
  );
  const stop = () => process.exit(1);
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const outcome = await runFaults({
    shape: { groups: Number(values.groups), members, routers: Number(values.routers), real, network },
    seed,
    kinds,
    seconds: Number(values.minutes) * 60,
    rounds: values.rounds === undefined ? Number.POSITIVE_INFINITY : Number(values.rounds),
    awayMs: Number(values['away-ms']),
    say,
  });
  process.stdout.write(
    values.json ? `${JSON.stringify({ ...outcome, kinds: lines(outcome.faults) })}\n` : tableOf(outcome),
  );
  return sound(outcome) ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exit(2);
  },
);
