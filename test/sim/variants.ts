// What kind of cluster a seed gets beyond its temper: how many members a write needs, spares that wait for an operator,
// clients that work as long as the trouble lasts, groups that may lose all they hold. Drawn from a stream of its own,
// so that a run that has none of it stays the run that it was.
import { Random } from './random.js';

export interface Variant {
  /** Clients spread their commands over the time of trouble; 0: they do not; else that time, ms. */
  steady: number;
  /** R4: members that must hold a write. */
  minInSync: number;
  /** Members of each group; 0: by chance. */
  members: number;
  /** Data nodes of each group that an operator must let in. */
  spares: number;
  /** Weight of trouble at the moment of a takeover (directed.ts). */
  split: number;
  /** Weight of a router that hears nothing of what it asked, until another primary leads (directed.ts). */
  silence: number;
  /** Weight of a router that speaks to a new primary first, after having heard of nothing (directed.ts). */
  estrange: number;
  /** Weights of misfortunes at the moment of a message (moments.ts). */
  unheard: number;
  between: number;
  late: number;
  /** Weight of every member in sync of a group dying; then an operator begins it anew. */
  doom: number;
  /** Share of lost groups that are given up (`ring abandon`) rather than begun anew. */
  abandon: number;
  /** Weight of ring changes beyond those of the temper, several at a time, also back to what was before. */
  churn: number;
  /** Who moves what nobody writes before the end: nobody, some routers by chance, every router. */
  drains: 'none' | 'some' | 'all';
  /** A client counts keys while they move (census.ts). */
  census: boolean;
  /** How often keys are chosen that expire; 0: there are none. */
  volatile: number;
  /** Bytes above which values move in pieces, and go to candidates so; collections of that kind are kept. 0: as ever. */
  large: number;
  /** Share of executed commands that break an assertion; 0: none may. */
  brittle: number;
}

/** None of it. */
export const PLAIN: Variant = {
  steady: 0,
  minInSync: 1,
  members: 0,
  spares: 0,
  split: 0,
  silence: 0,
  estrange: 0,
  unheard: 0,
  between: 0,
  late: 0,
  doom: 0,
  abandon: 0,
  churn: 0,
  drains: 'some',
  census: false,
  volatile: 0,
  large: 0,
  brittle: 0,
};

/** Seeds up to this one are what they were before there were moments.ts and estranged routers. */
const FIRST_ODD = 600_000;
/** The same of commands that break. */
const FIRST_BRITTLE = 800_000;

/** The variant of a seed: half of them are plain. */
export function variantOf(seed: number): Variant {
  const random = new Random(seed ^ 0x76617269);
  if (random.chance(0.5)) return PLAIN;
  const often = (probability: number, weight: number) => (random.chance(probability) ? weight : 0);
  const strict = random.chance(0.3);
  const moves = new Random(seed ^ 0x6d6f7665);
  const churning = moves.chance(0.6);
  // A stream of its own, and not for the seeds of long ago: tests name some of them (found.test.ts).
  const late = new Random(seed ^ 0x6c617465);
  const odd = seed > FIRST_ODD && late.chance(0.5);
  return {
    steady: random.pick([0, 1500, 3000, 5000]),
    minInSync: strict ? 2 : 1,
    members: strict ? random.pick([2, 3, 3]) : 0,
    spares: random.pick([0, 0, 0, 1]),
    split: often(0.4, 3),
    silence: often(0.4, 3),
    estrange: odd && late.chance(0.3) ? 2 : 0,
    unheard: odd ? late.pick([0, 1, 10]) : 0,
    between: odd && churning ? late.pick([0, 1, 5]) : 0,
    late: odd && churning ? late.pick([0, 1, 5]) : 0,
    doom: often(0.2, 2),
    abandon: churning ? 0.5 : 0,
    churn: churning ? moves.pick([3, 10]) : 0,
    drains: moves.pick(['none', 'none', 'some', 'all']),
    census: churning && moves.chance(0.5),
    volatile: moves.pick([0, 3]),
    large: new Random(seed ^ 0x6c617267).pick([0, 30, 200]),
    brittle: seed > FIRST_BRITTLE ? new Random(seed ^ 0x62726b65).pick([0, 0, 0.003, 0.02]) : 0,
  };
}
