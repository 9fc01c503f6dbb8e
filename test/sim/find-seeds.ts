// For whoever changes the simulator: which seeds find each mutation of a group's life or of the ring soonest?
// `node dist/test/sim/find-seeds.js [--seeds N] [--only TEXT]` tries seeds 1 to N for each and prints those that do.
import { parseArgs } from 'node:util';
import { GROUP_MUTATIONS } from './group-mutations.js';
import { RING_MUTATIONS } from './ring-mutations.js';
import { run } from './run.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '60' },
    only: { type: 'string', default: '' },
    enough: { type: 'string', default: '3' },
  },
});
for (const { name, finds, temper, variant, apply } of [...GROUP_MUTATIONS, ...RING_MUTATIONS]) {
  if (!name.includes(values.only)) continue;
  const mend = apply();
  const found: number[] = [];
  const others: string[] = [];
  try {
    for (let seed = 1; seed <= Number(values.seeds) && found.length < Number(values.enough); seed++) {
      const { failure } = run(seed, { temper: temper ?? {}, variant: variant ?? {} });
      if (failure === null) continue;
      if (finds.test(failure.replace(/^at \S+ ms: (# )?/, ''))) found.push(seed);
      else if (others.length < 3) others.push(`${seed}: ${failure.split('\n')[0]!.slice(0, 200)}`);
    }
  } finally {
    mend();
  }
  console.log(
    `${found.join(' ') || 'NOT FOUND'} # ${name}${others.length ? `\n    others: ${others.join('\n    ')}` : ''}`,
  );
}
