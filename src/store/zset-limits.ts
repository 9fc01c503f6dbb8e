// The two ends of a range of a sorted set, by score or by member, as a range of ranks. Knows no command.
import type { Request } from '../resp/index.js';
import { reject } from './errors.js';
import { looseNumber } from './zset-scores.js';
import type { SortedSet } from './zset-value.js';

/** Ranks [from, to) of the members that lie in a range. */
export interface Ranks {
  readonly from: number;
  readonly to: number;
}

/** A range whose place in a sorted set can be looked up. */
export type Range = (value: SortedSet) => Ranks;

interface End<T> {
  readonly at: T;
  readonly open: boolean;
}

function scoreEnd(text: string): End<number> {
  const open = text[0] === '(';
  const number = looseNumber(open ? text.slice(1) : text);
  return { at: number?.value ?? reject('ERR min or max is not a float'), open };
}

/** Scores from argument `min` to argument `max`. @throws ReplyError */
export function scoreRange(request: Request, min: number, max: number): Range {
  const low = scoreEnd(request.text(min));
  const high = scoreEnd(request.text(max));
  return (value) => ({
    from: value.countWhile((score) => (low.open ? score <= low.at : score < low.at)),
    to: value.countWhile((score) => (high.open ? score < high.at : score <= high.at)),
  });
}

/** `-`, `+`: before and behind every member. */
const FIRST = -1;
const LAST = 1;

function lexEnd(text: string): End<string> | typeof FIRST | typeof LAST {
  const first = text[0];
  if (first === '(' || first === '[') return { at: text.slice(1), open: first === '(' };
  const alone = text.length === 1 || text[1] === '\0';
  if (alone && first === '-') return FIRST;
  if (alone && first === '+') return LAST;
  return reject('ERR min or max not valid string range item');
}

/** Members from argument `min` to argument `max`, of a sorted set whose scores are all equal. @throws ReplyError */
export function lexRange(request: Request, min: number, max: number): Range {
  const low = lexEnd(request.text(min));
  const high = lexEnd(request.text(max));
  const below = (value: SortedSet, end: typeof low, including: boolean): number => {
    if (end === FIRST) return 0;
    if (end === LAST) return value.size;
    const { at } = end;
    return value.countWhile((_, member) => (including ? member <= at : member < at));
  };
  return (value) => ({
    from: below(value, low, typeof low === 'object' && low.open),
    to: below(value, high, typeof high === 'object' && !high.open),
  });
}

/** Ranks `start` to `end`, both included, negative ones counted from the end. */
export function rankRange(start: number, end: number): Range {
  return ({ size }) => ({
    from: Math.max(0, start < 0 ? start + size : start),
    to: Math.min(size, (end < 0 ? end + size : end) + 1),
  });
}
