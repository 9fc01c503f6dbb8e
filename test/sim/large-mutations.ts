// Deliberately broken rules of values that go in pieces. As group-mutations.ts.
import { LargeMove } from '../../src/router/large-move.js';
import { KeyExport } from '../../src/store/index.js';
import { Stages } from '../../src/store/stages.js';
import type { GroupMutation } from './group-mutations.js';
import { patch } from './mutations.js';
import type { Variant } from './variants.js';

/** Nearly every value goes in pieces, groups come and go, and so do members. */
const LARGE: Partial<Variant> = { large: 30, churn: 10, drains: 'all', steady: 1500 };

export const LARGE_MUTATIONS: GroupMutation[] = [
  {
    name: 'R1: a large key is not deleted where it was',
    finds: /^R1/,
    seeds: [1],
    variant: LARGE,
    apply: () =>
      patch(
        LargeMove.prototype as unknown as { plan: Planned },
        'plan',
        (plan) =>
          function (moved) {
            const { locked, ...rest } = plan.call(this, moved);
            const { source } = this.options;
            return {
              ...rest,
              locked: (answers: unknown) => {
                const next = locked(answers);
                next.effects?.set(source, Buffer.alloc(0));
                return next;
              },
            };
          },
      ),
  },
  {
    name: 'a candidate gets pieces of a value that was written in between',
    finds: /^copies differ/,
    seeds: [1],
    temper: { killNode: 10, pause: 100 },
    variant: { large: 30, steady: 3000 },
    apply: () => {
      const current = Object.getOwnPropertyDescriptor(KeyExport.prototype, 'current')!;
      Object.defineProperty(KeyExport.prototype, 'current', { configurable: true, get: () => true });
      return () => Object.defineProperty(KeyExport.prototype, 'current', current);
    },
  },
  {
    name: 'R9: what is staged becomes a key without one of its pieces',
    finds: /never was so|acknowledged, and is missing/,
    seeds: [6],
    variant: LARGE,
    apply: () =>
      patch(
        Stages.prototype,
        'add',
        (add) =>
          function (name, n, last, bytes, now) {
            return n === 1 && !last ? null : add.call(this, name, n > 1 ? n - 1 : n, last, bytes, now);
          },
      ),
  },
];

type Planned = (
  this: { options: { source: string } },
  moved: () => void,
) => { locked: (answers: unknown) => { effects?: Map<string, Buffer> } };
