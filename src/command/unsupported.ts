// Commands of Redis 7.0 that Towline does not have yet. A name moves from here to a row, never the other way.

/** Names by Redis's group. */
export const UNSUPPORTED: Readonly<Record<string, string>> = {
  generic: 'migrate',
  scripting: 'eval eval_ro evalsha evalsha_ro fcall fcall_ro',
  server: 'psync replconf restore-asking sync',
};

const NAMES = new Map(
  Object.entries(UNSUPPORTED).flatMap(([group, names]) =>
    names.split(' ').map((name) => [name, group] as const),
  ),
);

/** Redis's group of a command that Towline does not have; undefined: not a command of Redis 7.0, or supported. */
export function unsupportedGroup(name: string): string | undefined {
  return NAMES.get(name.toLowerCase());
}
