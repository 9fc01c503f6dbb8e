// What CONFIG GET shows and CONFIG SET changes. Settings that act here are typed fields; the rest are fixed
// answers for what clients and tools probe. Must never accept a value that would not be acted on.
import { cut, eventFlags, eventLetters, globMatch } from '../../command/index.js';
import { MAX_BULK, MAX_QUERY } from '../../resp/index.js';
import { FIXED, IMMUTABLE, PROTECTED } from './fixed-settings.js';
import { ALIASES, layoutValue } from './layout-settings.js';
import { parseMemory, parseSmall } from './parse.js';

/** Bounds of what a client may have waiting: at `hard` bytes, or above `soft` for `seconds`, it is closed; 0: no bound. */
export interface OutputLimit {
  hard: number;
  soft: number;
  seconds: number;
}
/** Classes of client with a bound of their own. Only `normal` and `pubsub` occur here. */
export type LimitClass = 'normal' | 'slave' | 'pubsub';
/** Who may use a dangerous command: nobody, clients on the loopback interface, anybody. */
export type Allowed = 'no' | 'local' | 'yes';

/** The typed values. Read them directly; change them through set(). */
class Values {
  /** Password of the default user; empty: none needed. Latin1 text. */
  requirepass = '';
  maxclients = 10_000;
  /** Seconds after which an idle client is closed; 0: never. */
  timeout = 0;
  /** Seconds between TCP keep-alive probes; 0: none. */
  tcpKeepalive = 300;
  /** Longest bulk string in a request, bytes. */
  protoMaxBulkLen = MAX_BULK;
  /** Most bytes one incomplete request may occupy. */
  clientQueryBufferLimit = MAX_QUERY;
  outputLimit: Readonly<Record<LimitClass, Readonly<OutputLimit>>> = {
    normal: { hard: 0, soft: 0, seconds: 0 },
    slave: { hard: 256 * 1024 * 1024, soft: 64 * 1024 * 1024, seconds: 60 },
    pubsub: { hard: 32 * 1024 * 1024, soft: 8 * 1024 * 1024, seconds: 60 },
  };
  /** Which keyspace events are told, and how (command/key-events.ts): one setting of all routers. */
  keyEvents = 0;
  /**
   * Commands that take so many microseconds are in the slow log, of so many entries; negative: none is. More than Redis's
   * 10 ms: here the time in which other commands of a pipeline are executed and copied to backups counts too.
   */
  slowerThan = 100_000;
  slowLogLength = 128;
  /** Spikes of so many ms are remembered; 0: none is. */
  latencyThreshold = 0;
  /** Whether the time of every command is taken, for LATENCY HISTOGRAM and commandstats. */
  latencyTracking = true;
  /** Keys that are remembered for CLIENT TRACKING; 0: without a bound. */
  trackingKeys = 1_000_000;
  /** DEBUG. Set at start only. */
  debugCommand: Allowed = 'local';
  /** SHUTDOWN. Set at start only. */
  shutdownCommand: Allowed = 'no';
}

interface Setting {
  get(values: Values): string;
  /** Stores the value; returns what is wrong with it, or null. */
  put(values: Values, text: string): string | null;
}

/** Entries of the slow log at most: it is kept in memory. */
const MOST_SLOW = 100_000;
const REFUSED = 'Towline does not have this setting; only its present value is accepted';

/** Fields that hold a whole number. */
type Numeric =
  | 'maxclients'
  | 'timeout'
  | 'tcpKeepalive'
  | 'slowerThan'
  | 'slowLogLength'
  | 'latencyThreshold'
  | 'trackingKeys';

function integer(min: number, max: number, field: Numeric): Setting {
  return {
    get: (values) => String(values[field]),
    put: (values, text) => {
      const value = parseSmall(text);
      if (value === null) return "argument couldn't be parsed into an integer";
      if (value < min || value > max) return `argument must be between ${min} and ${max} inclusive`;
      values[field] = value;
      return null;
    },
  };
}

function memory(min: number, max: number, field: 'protoMaxBulkLen' | 'clientQueryBufferLimit'): Setting {
  return {
    get: (values) => String(values[field]),
    put: (values, text) => {
      const value = parseMemory(text);
      if (value === null) return 'argument must be a memory value';
      if (value < min || value > max) return `argument must be between ${min} and ${max} inclusive`;
      values[field] = value;
      return null;
    },
  };
}

function allowed(field: 'debugCommand' | 'shutdownCommand'): Setting {
  return {
    get: (values) => values[field],
    put: (values, text) => {
      const word = text.toLowerCase();
      if (word !== 'no' && word !== 'local' && word !== 'yes') {
        return 'argument(s) must be one of the following: no, yes, local';
      }
      values[field] = word;
      return null;
    },
  };
}

const CLASSES: LimitClass[] = ['normal', 'slave', 'pubsub'];

const outputLimit: Setting = {
  get: ({ outputLimit: limits }) =>
    CLASSES.map((name) => `${name} ${limits[name].hard} ${limits[name].soft} ${limits[name].seconds}`).join(
      ' ',
    ),
  put: (values, text) => {
    const words = text.split(/\s+/).filter((word) => word !== '');
    if (words.length % 4 !== 0) return 'Wrong number of arguments in buffer limit configuration.';
    const limits = { ...values.outputLimit };
    for (let i = 0; i < words.length; i += 4) {
      const given = words[i]!.toLowerCase();
      const name = CLASSES.find((known) => known === (given === 'replica' ? 'slave' : given));
      if (name === undefined) return 'Invalid client class specified in buffer limit configuration.';
      const hard = parseMemory(words[i + 1]!);
      const soft = parseMemory(words[i + 2]!);
      const seconds = parseSmall(words[i + 3]!);
      if (hard === null || soft === null || seconds === null || seconds < 0) {
        return 'Error in hard, soft or soft_seconds setting in buffer limit configuration.';
      }
      limits[name] = { hard, soft, seconds };
    }
    values.outputLimit = limits;
    return null;
  },
};

const ACTING: Record<string, Setting> = {
  requirepass: {
    get: (values) => values.requirepass,
    put: (values, text) => {
      values.requirepass = text;
      return null;
    },
  },
  maxclients: integer(1, 4294967295, 'maxclients'),
  timeout: integer(0, 2147483647, 'timeout'),
  'tcp-keepalive': integer(0, 2147483647, 'tcpKeepalive'),
  'proto-max-bulk-len': memory(1024 * 1024, MAX_BULK, 'protoMaxBulkLen'),
  'client-query-buffer-limit': memory(1024 * 1024, MAX_QUERY, 'clientQueryBufferLimit'),
  'client-output-buffer-limit': outputLimit,
  'slowlog-log-slower-than': integer(-1, Number.MAX_SAFE_INTEGER, 'slowerThan'),
  'slowlog-max-len': integer(0, MOST_SLOW, 'slowLogLength'),
  'latency-monitor-threshold': integer(0, Number.MAX_SAFE_INTEGER, 'latencyThreshold'),
  'tracking-table-max-keys': integer(0, Number.MAX_SAFE_INTEGER, 'trackingKeys'),
  'latency-tracking': {
    get: ({ latencyTracking }) => (latencyTracking ? 'yes' : 'no'),
    put: (values, text) => {
      const word = text.toLowerCase();
      if (word !== 'yes' && word !== 'no') return "argument must be 'yes' or 'no'";
      values.latencyTracking = word === 'yes';
      return null;
    },
  },
  'notify-keyspace-events': {
    get: (values) => eventLetters(values.keyEvents),
    put: (values, text) => {
      const flags = eventFlags(text);
      if (flags === null) return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
      values.keyEvents = flags;
      return null;
    },
  },
  'enable-debug-command': allowed('debugCommand'),
  'enable-shutdown-command': allowed('shutdownCommand'),
};
const START_ONLY = new Set([...IMMUTABLE, 'enable-debug-command', 'enable-shutdown-command']);

/** The settings of one router. */
export class Settings {
  /** The values in force. set() replaces the object, so do not keep it. */
  values = new Values();
  private readonly fixed = new Map(Object.entries(FIXED));
  private readonly listeners: ((changed: ReadonlySet<string>) => void)[] = [];

  /**
   * @param initial values by their Redis names; those that CONFIG SET refuses (port, ...) may be given here.
   * @throws Error naming the setting when one does not exist or its value is wrong.
   */
  constructor(initial: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(initial)) {
      const acting = ACTING[name];
      const wrong = acting ? acting.put(this.values, text) : this.fixed.has(name) ? null : 'no such setting';
      if (wrong !== null) throw new Error(`${name}: ${wrong}`);
      if (acting === undefined) this.fixed.set(name, text);
    }
  }

  /** Calls the listener after each CONFIG SET that succeeded, with the names that it gave. */
  onChange(listener: (changed: ReadonlySet<string>) => void): void {
    this.listeners.push(listener);
  }

  /** Names and values of the settings that match any of the patterns. */
  get(patterns: readonly string[]): [string, string][] {
    const found: [string, string][] = [];
    const names = [...Object.keys(ACTING), ...this.fixed.keys(), ...Object.keys(ALIASES)];
    const lower = patterns.map((pattern) => pattern.toLowerCase());
    for (const name of names) {
      if (!lower.some((pattern) => globMatch(pattern, name))) continue;
      found.push([name, ACTING[name]?.get(this.values) ?? this.fixed.get(ALIASES[name] ?? name)!]);
    }
    return found;
  }

  /**
   * Changes all of the given settings or none.
   * @returns the text of the error reply, or null.
   */
  set(pairs: readonly (readonly [string, string])[]): string | null {
    const failed = (name: string, why: string) =>
      `ERR CONFIG SET failed (possibly related to argument '${name}') - ${why}`;
    const seen = new Set<string>();
    for (const [given] of pairs) {
      const name = plain(given);
      if (ACTING[name] === undefined && !this.fixed.has(name)) {
        return `ERR Unknown option or number of arguments for CONFIG SET - '${cut(given)}'`;
      }
      if (START_ONLY.has(name)) return failed(given, "can't set immutable config");
      if (PROTECTED.has(name)) return failed(given, "can't set protected config");
      if (seen.has(name)) return failed(given, 'duplicate parameter');
      seen.add(name);
    }
    const next = Object.assign(new Values(), this.values);
    const layout: [string, string][] = [];
    for (const [given, text] of pairs) {
      const name = plain(given);
      const acting = ACTING[name];
      const accepted = layoutValue(name, text);
      let wrong: string | null = null;
      if (acting !== undefined) wrong = acting.put(next, text);
      else if (accepted !== null) layout.push([name, accepted]);
      else if (!sameText(this.fixed.get(name)!, text)) wrong = REFUSED;
      if (wrong !== null) return failed(name, wrong);
    }
    this.values = next;
    for (const [name, text] of layout) this.fixed.set(name, text);
    for (const listener of this.listeners) listener(seen);
    return null;
  }
}

/** The name by which a setting is kept. */
function plain(given: string): string {
  const name = given.toLowerCase();
  return ALIASES[name] ?? name;
}

/** Whether two texts mean the same fixed value: `100mb` is `104857600`, `NO` is `no`. */
function sameText(now: string, wanted: string): boolean {
  if (now.toLowerCase() === wanted.toLowerCase()) return true;
  const bytes = parseMemory(now);
  return bytes !== null && bytes === parseMemory(wanted);
}
