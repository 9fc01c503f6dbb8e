// `npm run test:differential -- --minutes M [--seed S] [--calm | --storm]`: Towline beside redis-server under random
// scripts. Exit code 1 with the seed and a script when the two answered differently.
import { parseArgs } from 'node:util';
import { needs } from '../needs.js';
import { differ } from './run.js';

const USAGE = `npm run test:differential -- [options]
  --minutes M   how long (default 2)
  --seed S      of the first scripts (default: by chance, and printed)
  --calm        only while nothing happens to the cluster
  --storm       only while the ring changes and primaries are killed
                (neither: half of the time each)
`;
const GROUPS = 3;
const PAUSE_MS = 1500;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string' },
      calm: { type: 'boolean', default: false },
      storm: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const { skip } = needs('redis-server');
  if (skip !== undefined) {
    say(skip);
    return 2;
  }
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 30) : Number(values.seed);
  const variants = (['calm', 'storm'] as const).filter((one) => values[one] || values.calm === values.storm);
  const seconds = (Number(values.minutes) * 60) / variants.length;
  say(`seed ${seed}, ${variants.map((variant) => `${variant} ${seconds} s`).join(', ')}`);
  const parts = variants.map((variant) => ({ variant, seconds }));
  const outcomes = await differ({ parts, seed, groups: GROUPS, pauseMs: PAUSE_MS, say });
  for (const { variant, scripts, commands, execs, spurious, differences, weather } of outcomes) {
    for (const difference of differences) say(difference);
    const happened = Object.entries(weather).map(([what, count]) => `, ${what} ${count}`);
    say(
      `${variant}: ${scripts} scripts, ${commands} commands, differences ${differences.length}; ` +
        `of ${execs} EXECs ${spurious} nil without need${variant === 'storm' ? happened.join('') : ''}`,
    );
  }
  return outcomes.some(({ differences }) => differences.length > 0) ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exit(2);
  },
);
