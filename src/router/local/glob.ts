// Does a name match a glob pattern, as CONFIG GET reads patterns? Case does not matter.
// Linear in pattern x text: a star is retried only from the last one seen, so no pattern can stall the router.

/** Whether `text` matches `pattern`: `*`, `?`, `[a-c]`, `[^a]`, `\x`. Upper and lower case are the same. */
export function globMatch(pattern: string, text: string): boolean {
  const p = pattern.toLowerCase();
  const t = text.toLowerCase();
  let i = 0;
  let k = 0;
  let star = -1;
  let mark = 0;
  while (k < t.length) {
    if (p[i] === '*') {
      star = i++;
      mark = k;
      continue;
    }
    const next = i < p.length ? step(p, i, t[k]!) : -1;
    if (next >= 0) {
      i = next;
      k++;
    } else if (star >= 0) {
      i = star + 1;
      k = ++mark;
    } else return false;
  }
  while (p[i] === '*') i++;
  return i >= p.length;
}

/** Index after the one element of the pattern at i when it accepts `c`, else -1. */
function step(p: string, i: number, c: string): number {
  if (p[i] === '?') return i + 1;
  if (p[i] === '\\' && i + 1 < p.length) return p[i + 1] === c ? i + 2 : -1;
  if (p[i] !== '[') return p[i] === c ? i + 1 : -1;
  i++;
  const not = p[i] === '^';
  if (not) i++;
  let found = false;
  // An unclosed class ends with the pattern, as Redis reads it.
  for (; i < p.length && p[i] !== ']'; i++) {
    if (p[i] === '\\' && i + 1 < p.length) {
      i++;
      if (p[i] === c) found = true;
    } else if (p[i + 1] === '-' && i + 2 < p.length) {
      const [a, b] = [p[i]!, p[i + 2]!];
      if ((a <= c && c <= b) || (b <= c && c <= a)) found = true;
      i += 2;
    } else if (p[i] === c) found = true;
  }
  return found !== not ? i + 1 : -1;
}
