// Where a setting comes from: flags win over the environment, the environment over the file, the file over the
// default. An option is described once (Option); the flag, the variable and the file's key follow from its name.
// An unknown key in a file is an error, as an unknown flag is: a typing error must not pass silently.
import { readFileSync } from 'node:fs';
import { codeOf, UsageError } from './failure.js';

/** One setting of a command. */
export interface Option<T> {
  /** What it decides, in one line; ends without a full stop. */
  readonly meaning: string;
  /** A value that shows the form. */
  readonly example: string;
  /** The default as text, or `null` where there is none. */
  readonly initial: string | null;
  /** Text to value. @throws UsageError */
  readonly parse: (text: string) => T;
  /** Key in the file, where it is not the flag's name (ZooKeeper's own names in zoo.cfg). */
  readonly key?: string;
  /** Takes no value on the command line: to name it is to say yes. */
  readonly bare?: boolean;
  /** Without a default it must be given. */
  readonly required?: boolean;
}

/** The options of a command by their names in camelCase. */
export type Options = Record<string, Option<unknown>>;

/** The values of options: `undefined` only for those without default that need not be given. */
export type Settings<O extends Options> = {
  [K in keyof O]: O[K] extends Option<infer T>
    ? O[K] extends { initial: string } | { required: true }
      ? T
      : T | undefined
    : never;
};

/** `leaseMs` to `lease-ms`: the flag without its dashes, and the key in a yaml file. */
export function flagName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `leaseMs` to `TOWLINE_LEASE_MS`. */
export function variableName(name: string): string {
  return `TOWLINE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** The key of an option in its file. */
export function fileKey(name: string, option: Option<unknown>): string {
  return option.key ?? flagName(name);
}

/** Reads a file of settings into texts by key; `zoo.cfg` and other `.cfg` files have lines `key=value`. */
export async function readSettings(path: string): Promise<Map<string, string>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--config ${path}: cannot be read (${codeOf(error)})`);
  }
  if (path.endsWith('.cfg')) {
    const lines = text.split('\n').map((line) => line.trim());
    return new Map(
      lines
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line): [string, string] => {
          const at = line.indexOf('=');
          if (at < 1) throw new UsageError(`--config ${path}: '${line}' is not key=value`);
          return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
        }),
    );
  }
  // Loaded here, so that a command without such a file starts sooner.
  const { parse } = await import('yaml');
  let tree: unknown;
  try {
    tree = parse(text);
  } catch (error) {
    throw new UsageError(`--config ${path}: ${(error as Error).message}`);
  }
  if (tree === null) return new Map();
  if (typeof tree !== 'object' || Array.isArray(tree)) {
    throw new UsageError(`--config ${path}: expected lines 'key: value'`);
  }
  return new Map(
    Object.entries(tree).map(([key, value]): [string, string] => {
      if (Array.isArray(value)) return [key, value.join(',')];
      if (value === null || typeof value === 'object') {
        throw new UsageError(`--config ${path}: ${key}: expected a single value`);
      }
      return [key, String(value)];
    }),
  );
}

/** Where the texts of settings are found. */
export interface Sources {
  /** Flags that were given, by option name. */
  flags: Record<string, string | boolean | undefined>;
  environment: Record<string, string | undefined>;
  /** The file named by --config. */
  file?: string | undefined;
  /** Keys that the file may hold for others. */
  foreign?: RegExp | undefined;
}

/**
 * The value of every option.
 * @throws UsageError that names the flag, variable or key whose value is not valid, or the option that is missing.
 */
export async function settle<O extends Options>(options: O, sources: Sources): Promise<Settings<O>> {
  const file = sources.file === undefined ? new Map<string, string>() : await readSettings(sources.file);
  const known = new Set(Object.entries(options).map(([name, option]) => fileKey(name, option)));
  for (const key of file.keys()) {
    if (known.has(key) || sources.foreign?.test(key)) continue;
    throw new UsageError(`--config ${sources.file}: unknown key '${key}'`);
  }
  const settings: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(options)) {
    const key = fileKey(name, option);
    const given = sources.flags[name];
    const places: [string, string | undefined][] = [
      [`--${flagName(name)}`, given === undefined ? undefined : String(given)],
      [variableName(name), sources.environment[variableName(name)]],
      [`--config ${sources.file}: ${key}`, file.get(key)],
      ['default', option.initial ?? undefined],
    ];
    const found = places.find(([, text]) => text !== undefined);
    if (found === undefined) {
      if (option.required) throw new UsageError(`--${flagName(name)} is missing: ${option.meaning}`);
      settings[name] = undefined;
      continue;
    }
    try {
      settings[name] = option.parse(found[1]!);
    } catch (error) {
      if (error instanceof UsageError) throw new UsageError(`${found[0]}: ${error.message}`);
      throw error;
    }
  }
  return settings as Settings<O>;
}
