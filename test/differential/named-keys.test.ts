// Random commands, with words of theirs said again, run aside on just the keys and databases that their rows name: one
// that touched any other would end the primary that runs it, and the next one, where the router sends it again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { databasesOf, keysOf, resolve } from '../../src/command/index.js';
import { type KeyState, runAside } from '../../src/store/index.js';
import { Primary, requestOf } from '../store/harness.js';
import { command } from './commands.js';

/** An option with its value, which may come again. */
const OPTION = 2;

/** COPY is where a second database is; of several the last one counts. */
const option = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('0', '1', '15').map((db) => ['DB', db]) },
  fc.constantFrom(['REPLACE'], ['db', '16'], ['DB', '-1'], ['DB', '01'], ['DB'], ['x']),
);
const copy = fc
  .tuple(
    fc.constantFrom('a', 'b', 'other', 'l1'),
    fc.constantFrom('b', 'a', 'z1'),
    fc.array(option, { maxLength: 3 }),
  )
  .map(([from, to, options]) => ['COPY', from, to, ...options.flat()]);

const again = fc
  .tuple(fc.oneof({ weight: 9, arbitrary: command }, { weight: 1, arbitrary: copy }), fc.nat(), fc.nat(2))
  .map(([words, from, times]) => {
    const at = 1 + (from % words.length);
    const said = words.slice(at, at + OPTION);
    return [...words, ...Array.from({ length: times }, () => said).flat()];
  });

test('a command touches no key that its row does not name', () => {
  let ran = 0;
  const property = fc.property(fc.array(again, { minLength: 1, maxLength: 60, size: 'max' }), (commands) => {
    const primary = new Primary();
    const { store, ctx } = primary;
    for (const words of commands) {
      const request = requestOf(...words.map((word) => Buffer.from(word, 'latin1')));
      const row = resolve(request);
      if (row === null || row.where === 'router') continue;
      // SORT's patterns name keys that only the elements tell.
      if (row.where === 'keys' && !row.patterns?.(request).length) {
        const imports: KeyState[] = [];
        for (const db of databasesOf(row, request, 0)) {
          for (const key of new Set(keysOf(row, request).map((at) => request.text(at))))
            imports.push({ db, key, payload: store.exportKey(db, key) });
        }
        runAside(imports, [{ db: 0, request }], ctx);
        ctx.reply.take();
        ran++;
      }
      primary.execute(request);
      ctx.effects.take();
    }
  });
  fc.assert(property, { numRuns: 500 });
  assert.ok(ran > 1000, `${ran} commands ran`);
});
