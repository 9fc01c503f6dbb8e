// The short version of `npm run test:differential`: a few seconds in a calm and a few in a storm.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needs } from '../needs.js';
import { differ } from './run.js';

/** Share of EXECs that may do nothing without need (docs/compatibility.md), in a calm. */
const FEW = 0.05;
const PARTS = [
  { variant: 'calm', seconds: 5 },
  { variant: 'storm', seconds: 8 },
] as const;

test('a whole cluster answers as redis-server does, also in a storm', needs('redis-server'), async (t) => {
  const say = (line: string) => t.diagnostic(line);
  const outcomes = await differ({ parts: PARTS, seed: 41, groups: 2, pauseMs: 800, say });
  assert.deepEqual(
    outcomes.map(({ variant }) => variant),
    ['calm', 'storm'],
  );
  for (const { variant, scripts, commands, execs, spurious, differences, weather } of outcomes) {
    assert.deepEqual(differences, []);
    say(`${variant}: ${scripts} scripts, ${commands} commands, ${execs} EXECs, ${spurious} nil without need`);
    assert.ok(commands > 300 && execs > 0, 'there was something to compare');
    if (variant === 'calm')
      assert.ok(
        spurious <= Math.max(2, execs * FEW),
        `${spurious} of ${execs} EXECs did nothing without need`,
      );
    else {
      const { killed, added, removed, weighed } = weather;
      assert.ok(killed > 0 && added + removed + weighed > 0, JSON.stringify(weather));
    }
  }
});
