// How a process speaks: pino's JSON lines for machines, or one short line per event for people. Both come from the
// same records, so nothing is said in one form only.
import pino, { type Logger } from 'pino';

/** A log record as it comes out of pino. */
interface LogRecord {
  level: number;
  time: number;
  name?: string;
  msg?: string;
  err?: { message?: string };
}

const LEVELS: [number, string][] = [
  [60, 'FATAL '],
  [50, 'ERROR '],
  [40, 'warning: '],
];

/**
 * A line of pino's JSON as a line for people, without its end; what is not such a line keeps its words.
 * `name` says who spoke, in place of what the record says.
 */
export function humanLine(line: string, name?: string): string {
  let record: LogRecord;
  try {
    record = JSON.parse(line) as LogRecord;
  } catch {
    record = { level: 30, time: 0, msg: line };
  }
  if (typeof record !== 'object' || record === null || typeof record.level !== 'number') {
    record = { level: 30, time: 0, msg: line };
  }
  const level = LEVELS.find(([least]) => record.level >= least)?.[1] ?? '';
  const reason = record.err?.message === undefined ? '' : ` (${record.err.message})`;
  const speaker = name ?? record.name ?? '';
  return `${speaker === '' ? '' : `${speaker.padEnd(10)} `}${level}${record.msg ?? ''}${reason}`;
}

/** What createLog needs to know. */
export interface LogSettings {
  /** Who speaks: stands at the start of each line; absent where children of the logger name themselves. */
  name?: string;
  json: boolean;
  level: string;
}

/** A logger that writes to standard output at once, so that a line is out before the process can die. */
export function createLog({ name, json, level }: LogSettings): Logger {
  const base = name === undefined ? { pid: process.pid } : { name, pid: process.pid };
  const settings = { level, base };
  if (json) return pino(settings, pino.destination({ fd: 1, sync: true }));
  return pino(settings, { write: (line: string) => void process.stdout.write(`${humanLine(line)}\n`) });
}
