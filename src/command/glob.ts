// Redis's glob patterns over latin1 text: * ? [a-z] [^a] and \ before any of them.
// Steps back to the last star only, so the work is at most pattern x text, never exponential.

const STAR = 42;
const BACKSLASH = 92;
/** Redis matches what stands behind each star by a call of its own, and says no beyond so many. */
const MAX_STARS = 1000;

/** Whether all of `text` matches `pattern`. */
export function globMatch(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let stars = 0;
  let resume = 0;
  for (;;) {
    if (p < pattern.length && pattern.charCodeAt(p) === STAR) {
      do p++;
      while (pattern.charCodeAt(p) === STAR);
      if (p === pattern.length) return true;
      if (++stars > MAX_STARS) return false;
      star = p;
      resume = t;
      continue;
    }
    if (t === text.length) return p === pattern.length;
    const next = p < pattern.length ? one(pattern, p, text.charCodeAt(t)) : -1;
    if (next >= 0) {
      p = next;
      t++;
    } else if (star >= 0) {
      p = star;
      t = ++resume;
    } else return false;
  }
}

/** Matches one character against the element of the pattern at `p`. @returns where the next begins, or -1. */
function one(pattern: string, p: number, c: number): number {
  const kind = pattern[p];
  if (kind === '?') return p + 1;
  if (kind === '[') return oneOf(pattern, p + 1, c);
  // A backslash at the very end stands for itself.
  if (kind === '\\' && p + 1 < pattern.length) p++;
  return pattern.charCodeAt(p) === c ? p + 1 : -1;
}

/** A class, from after its bracket; one that is never closed ends with the pattern. */
function oneOf(pattern: string, p: number, c: number): number {
  const { length } = pattern;
  const not = pattern[p] === '^';
  if (not) p++;
  let match = false;
  for (; p < length && pattern[p] !== ']'; p++) {
    if (pattern.charCodeAt(p) === BACKSLASH && p + 1 < length) {
      if (pattern.charCodeAt(++p) === c) match = true;
    } else if (pattern[p + 1] === '-' && p + 2 < length) {
      const a = pattern.charCodeAt(p);
      const b = pattern.charCodeAt(p + 2);
      if (c >= Math.min(a, b) && c <= Math.max(a, b)) match = true;
      p += 2;
    } else if (pattern.charCodeAt(p) === c) match = true;
  }
  return match === not ? -1 : Math.min(p + 1, length);
}
