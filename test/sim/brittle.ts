// Commands that break an assertion in the middle of their execution, by chance: before they have done anything, or when
// all is done but the answer. Only where a client's command is executed: effects of the log never break.

import { LEAVES } from '../../src/command/index.js';
import type { Handler } from '../../src/store/handler.js';
import { HANDLERS } from '../../src/store/handlers.js';
import type { Random } from './random.js';

/** What such a command throws. */
export class Broken extends Error {
  constructor(name: string) {
    super(`${name} broke`);
  }
}

/** Whether the share is still to break: nothing does once the trouble is over. */
export interface Brittle {
  over: boolean;
  /** Whether this is the store of the only copy of a group: what was half done stays so there, and no log tells of it. */
  alone(store: object): boolean;
  /** This is the store of the only copy of a group from now on. */
  left(store: object): void;
  /**
   * Whether the half of a write is, or was, in the only copy of a group: left alone before it could hand over, it goes
   * on, and gives the half to whoever joins it.
   */
  halved(): boolean;
  mend(): void;
}

/** @param share of the commands that are executed */
export function brittle(random: Random, share: number): Brittle {
  const handlers = HANDLERS as (Handler | undefined)[];
  const sound = [...handlers];
  const halves = new Set<object>();
  let kept = false;
  const state: Brittle = {
    over: false,
    alone: () => false,
    left: (store) => {
      kept ||= halves.has(store);
    },
    halved: () => kept || [...halves].some((store) => state.alone(store)),
    mend: () => {
      for (const [id, handler] of sound.entries()) handlers[id] = handler;
    },
  };
  for (const { id, name, write } of LEAVES) {
    const handler = sound[id];
    if (handler === undefined) continue;
    handlers[id] = (store, request, ctx) => {
      const breaks = !state.over && !ctx.replica && random.chance(share);
      const early = breaks && (random.chance(0.5) || state.alone(store));
      if (!early) handler(store, request, ctx);
      // `ctx.reads` would miss SET ... GET, which does both.
      if (breaks && !early && write) halves.add(store);
      if (breaks) throw new Broken(name);
    };
  }
  return state;
}
