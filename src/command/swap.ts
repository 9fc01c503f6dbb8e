// Which databases SWAPDB names, or the error that Redis gives. Must tolerate nonsense arguments.
import type { Request } from '../resp/index.js';

const DATABASES = 16;

/** Argument i as a C int; null: it is none. */
function intOf(request: Request, i: number): number | null {
  if (request.length(i) > 11 || !/^(0|-?[1-9][0-9]*)$/.test(request.text(i))) return null;
  const value = Number(request.text(i));
  return value === (value | 0) ? value : null;
}

/** The two databases that the command swaps; text of an error: it swaps none. */
export function swappedDatabases(request: Request): readonly [number, number] | string {
  const first = intOf(request, 1);
  if (first === null) return 'ERR invalid first DB index';
  const second = intOf(request, 2);
  if (second === null) return 'ERR invalid second DB index';
  const known = (db: number) => db >= 0 && db < DATABASES;
  return known(first) && known(second) ? [first, second] : 'ERR DB index is out of range';
}
