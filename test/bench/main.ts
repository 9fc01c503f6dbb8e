// `npm run bench`: all systems in turns, in one run, several rounds; prints the medians and their ratios, and writes
// them as JSON. Single figures depend on the machine and the hour; ratios of one run say something.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { repository } from '../cli/program.js';
import { generate } from './generator.js';
import { type Field, type System, startField } from './systems.js';

const CLIENTS = 50;
const KEYS = 100_000;
const ROUNDS = 3;
const VALUE = 'xxx';
/** Requests of the first, uncounted round, and the least of any other. */
const WARM_UP = 1000;

/** The commands, as redis-benchmark names and sends them. */
const COMMANDS: { name: string; test: string; write: boolean; command: string[] }[] = [
  { name: 'GET', test: 'get', write: false, command: ['GET', 'key:__rand__'] },
  { name: 'SET', test: 'set', write: true, command: ['SET', 'key:__rand__', VALUE] },
  { name: 'INCR', test: 'incr', write: true, command: ['INCR', 'counter:__rand__'] },
  {
    name: 'MSET',
    test: 'mset',
    write: true,
    command: ['MSET', ...Array.from({ length: 10 }, (_, i) => [`key${i}:__rand__`, VALUE]).flat()],
  },
];
const DEPTHS = [1, 16];

/** One measured cell: what, how deep, which system, and commands a second of each round. */
interface Cell {
  command: string;
  depth: number;
  system: string;
  rates: number[];
}

const median = (values: number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : sorted[Math.floor((sorted.length - 1) / 2)]!;
};

async function hasRedisBenchmark(): Promise<boolean> {
  return promisify(execFile)('redis-benchmark', ['--version']).then(
    () => true,
    () => false,
  );
}

async function redisBenchmark(port: number, test: string, depth: number, requests: number): Promise<number> {
  const args = ['-p', String(port), '-t', test, '-c', String(CLIENTS), '-P', String(depth)];
  const { stdout } = await promisify(execFile)(
    'redis-benchmark',
    [...args, '-n', String(requests), '-r', String(KEYS), '-q', '--csv'],
    { timeout: 120_000 },
  );
  // "test","rps","avg_latency_ms",... and one line for the test.
  const line = stdout.split('\n').find((one) => one.startsWith('"') && !one.startsWith('"test"'));
  const rate = Number(line?.split('","')[1]);
  if (!(rate > 0)) throw new Error(`redis-benchmark said: ${stdout}`);
  return rate;
}

/** Runs all cells in turns, `seconds` in all, spread evenly. */
async function measure({ systems }: Field, seconds: number, say: (line: string) => void): Promise<Cell[]> {
  const tool = await hasRedisBenchmark();
  if (!tool) say('redis-benchmark is not installed: every system is loaded by our own generator');
  const cells = COMMANDS.flatMap((command) =>
    DEPTHS.flatMap((depth) =>
      systems
        // Reads need no WAIT, so the systems loaded by our generator are there for writes.
        .filter(({ own }) => command.write || !own)
        .map((system) => ({ command, depth, system, rates: [] as number[] })),
    ),
  );
  const slot = seconds / (cells.length * ROUNDS);
  const warm = new Map<(typeof cells)[number], number>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const cell of cells) {
      const { command, depth, system, rates } = cell;
      // Round 0 warms up and is not counted: it only tells how many requests fill a slot.
      const guess = round === 0 ? WARM_UP : median(rates.length > 0 ? rates : [warm.get(cell) ?? 0]) * slot;
      const requests = Math.max(WARM_UP, Math.min(2_000_000, Math.round(guess)));
      try {
        const rate = await load(system, command, depth, requests, tool);
        if (round === 0) warm.set(cell, rate);
        else rates.push(rate);
      } catch (error) {
        say(`${system.name} ${command.name} -P ${depth}: ${(error as Error).message}`);
      }
    }
    say(round === 0 ? 'warmed up' : `round ${round} of ${ROUNDS} done`);
  }
  return cells.map(({ command, depth, system, rates }) => ({
    command: command.name,
    depth,
    system: system.name,
    rates,
  }));
}

function load(
  { port, wait, own }: System,
  { test, command }: (typeof COMMANDS)[number],
  depth: number,
  requests: number,
  tool: boolean,
): Promise<number> {
  if (tool && !own) return redisBenchmark(port, test, depth, requests);
  return generate({ port, clients: CLIENTS, depth, requests, command, keys: KEYS, wait });
}

/** Lines: for each command and depth every system's median, and Towline's share of it. */
function table(cells: Cell[], names: string[]): string[] {
  const rows = [['command', '-P', 'system', 'commands/s', 'towline 2x2 / it', 'towline 2x1 / it']];
  for (const { command, depth, system, rates } of cells) {
    const here = (name: string) =>
      median(cells.find((c) => c.command === command && c.depth === depth && c.system === name)?.rates ?? []);
    const own = system.includes('(own generator)');
    const ratio = (name: string) => {
      const value = here(name) / median(rates);
      return Number.isFinite(value) ? value.toFixed(2) : '-';
    };
    rows.push([
      command,
      String(depth),
      system,
      Math.round(median(rates)).toLocaleString('en-US'),
      ratio(own ? 'towline 2x2 (own generator)' : 'towline 2x2'),
      own ? '-' : ratio('towline 2x1'),
    ]);
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return [
    `systems: ${names.join('; ')}`,
    ...rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    ),
  ];
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    json: { type: 'string', default: join(repository(), '.build/bench.json') },
  },
});
const seconds = Number(values.seconds);
if (!(seconds > 0 && seconds <= 3600)) throw new Error('--seconds: a number up to 3600');
const say = (line: string) => void process.stdout.write(`${line}\n`);
const field = await startField(say);
try {
  const cells = await measure(field, seconds, say);
  const lines = table(
    cells,
    field.systems.map(({ name }) => name),
  );
  for (const line of lines) say(line);
  mkdirSync(dirname(values.json), { recursive: true });
  const result = {
    at: new Date().toISOString(),
    seconds,
    clients: CLIENTS,
    keys: KEYS,
    rounds: ROUNDS,
    cells,
  };
  writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
  say(`written to ${values.json}`);
} finally {
  await field.close();
}
