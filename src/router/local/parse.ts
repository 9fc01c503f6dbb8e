// Text of an argument -> number, as strictly as Redis reads it. Never throws; null means: not one.

/** A signed 64-bit integer in canonical form (no sign `+`, no leading zeros); null otherwise. May exceed 2^53. */
export function parseInteger(text: string): bigint | null {
  if (text.length > 20 || !/^(0|-?[1-9][0-9]*)$/.test(text)) return null;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : null;
}

/** An integer that a number holds exactly; null otherwise. */
export function parseSmall(text: string): number | null {
  const value = parseInteger(text);
  if (value === null || value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) return null;
  return Number(value);
}

const UNITS: Record<string, number> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3,
};

/** Bytes, with Redis's units (`1k` = 1000, `1kb` = 1024, ...); Infinity when too large to hold; null: not an amount. */
export function parseMemory(text: string): number | null {
  const match = /^([0-9]+)([a-z]*)$/i.exec(text);
  const unit = match ? UNITS[match[2]!.toLowerCase()] : undefined;
  if (match === null || unit === undefined) return null;
  const value = Number(match[1]) * unit;
  return value > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : value;
}
