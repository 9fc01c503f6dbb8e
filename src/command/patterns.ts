// SORT's BY and GET patterns: which key, and which field of a hash, a pattern names for an element.

/** Whether a pattern stands for a key of each element. */
export function namesKeys(pattern: string): boolean {
  const star = pattern.indexOf('*');
  const zero = pattern.indexOf('\0');
  return star >= 0 && (zero < 0 || star < zero);
}

/** The key that a pattern names for an element; `field`: of the hash there; '' for the string itself. Latin1 texts. */
export function patternKey(pattern: string, element: string): { key: string; field: string } {
  const star = pattern.indexOf('*');
  const arrow = pattern.indexOf('->', star);
  // A field must have a name.
  const end = arrow >= 0 && arrow + 2 < pattern.length ? arrow : pattern.length;
  const key = pattern.slice(0, star) + element + pattern.slice(star + 1, end);
  return { key, field: end < pattern.length ? pattern.slice(end + 2) : '' };
}
