// The style guide as a test: import direction, no cycles, banned calls, dead exports, headers, file length, Biome.
// When one of these fails the code is to be changed, not this file; an exception needs a reason beside it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { repository } from './cli/program.js';

const ROOT = repository();

/** What each folder of src/ may import, besides itself. Arrows point down only (style.md, Layout). */
const MAY_IMPORT: Record<string, string[]> = {
  resp: [],
  ring: [],
  commit: [],
  zookeeper: [],
  // `ring` for the pure function from key to slot.
  command: ['resp', 'ring'],
  store: ['command', 'resp', 'ring'],
  net: ['resp', 'commit', 'ring', 'zookeeper'],
  router: ['resp', 'ring', 'commit', 'command', 'zookeeper', 'net'],
  data: ['resp', 'ring', 'commit', 'command', 'store', 'zookeeper', 'net'],
  cli: ['resp', 'ring', 'commit', 'command', 'store', 'zookeeper', 'net', 'router', 'data'],
};

/** Of ring/, these two take the slot function alone. */
const SLOT_ONLY = ['command', 'store'];
const SLOT_NAMES = [
  'slotOfRange',
  'slotOfText',
  'crc16',
  'SLOTS',
  'positionOf',
  'slotOfPosition',
  'slotStart',
];

/** Folders that may touch clocks, chance, timers and sockets. */
const EDGES = ['net', 'zookeeper', 'cli'];

const BANNED: [RegExp, string][] = [
  [/\bDate\.now\b/, 'Date.now'],
  [/\bnew Date\(\s*\)/, 'new Date()'],
  [/\bperformance\.now\b/, 'performance.now'],
  [/\bprocess\.hrtime\b/, 'process.hrtime'],
  [/\bMath\.random\b/, 'Math.random'],
  [/\bset(Timeout|Interval|Immediate)\s*\(/, 'timers'],
  [/from 'node:(net|timers|timers\/promises|dgram|tls|http)'/, 'sockets and timers'],
];

/** Globals that Node defines as getters, used as values, and where to import them from. */
const GETTERS = [
  { used: /\bBuffer\.|\b(new|instanceof|extends) Buffer\b/, from: 'node:buffer' },
  { used: /\bperformance\./, from: 'node:perf_hooks' },
];

/** Exports that nothing in the repository uses yet, with the reason. `file: name`. */
const UNUSED_ALLOWED = new Set<string>([]);

interface Import {
  /** The imported file, relative to the repository; `null` for a package. */
  file: string | null;
  /** What is imported; `*` for all of it. */
  names: string[];
  typeOnly: boolean;
}

interface Source {
  /** Relative to the repository. */
  path: string;
  text: string;
  /** The text without comments and without what stands in quotes. */
  code: string;
  imports: Import[];
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

/** Blanks out comments, and the insides of texts too unless they are to stay; line breaks stay. */
function blank(text: string, keepTexts: boolean): string {
  const blankOut = (part: string) => part.replace(/[^\n]/g, ' ');
  // A regular expression literal may hold quotes: it is recognized after what cannot end a value.
  const parts =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?<=[(,=:[!&|?{};\n]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;
  return text.replace(parts, (part) => {
    if (part.startsWith('//') || part.startsWith('/*')) return blankOut(part);
    if (keepTexts) return part;
    // What stands in ${} of a template is code.
    if (part.startsWith('`')) return part.replace(/(^|\})[^$]*?(\$\{|$)/g, (gap) => blankOut(gap));
    return blankOut(part);
  });
}

function importsOf(path: string, text: string): Import[] {
  const code = blank(text, true);
  const found: Import[] = [];
  const add = (target: string, names: string[], typeOnly: boolean) => {
    const file = target.startsWith('.')
      ? relative(ROOT, resolve(ROOT, dirname(path), target)).replace(/\.js$/, '.ts')
      : null;
    found.push({ file, names, typeOnly });
  };
  for (const match of code.matchAll(/^(?:import|export)\s+([^;]*?)\s*from\s+'([^']+)'/gm)) {
    const what = match[1]!;
    const named = /\{([^}]*)\}/.exec(what)?.[1];
    const names = (named ?? '')
      .split(',')
      .map((name) =>
        name
          .trim()
          .replace(/^type /, '')
          .split(' as ')[0]!
          .trim(),
      )
      .filter((name) => name !== '');
    if (what.includes('*')) names.push('*');
    if (/^(type )?[A-Za-z]/.test(what.replace(/^type\s+/, ''))) names.push('default');
    const members = (named ?? '').split(',').filter((name) => name.trim() !== '');
    const typeOnly =
      /^type\s/.test(what) || (members.length > 0 && members.every((name) => /^\s*type\s/.test(name)));
    add(match[2]!, names, typeOnly);
  }
  for (const match of code.matchAll(/^import\s+'([^']+)'/gm)) add(match[1]!, [], false);
  for (const match of code.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)) add(match[1]!, ['*'], false);
  return found;
}

const read = (path: string): Source => {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return { path, text, code: blank(text, false), imports: importsOf(path, text) };
};
const sources = filesBelow('src').map(read);
const tests = filesBelow('test').map(read);
const folderOf = (path: string) => path.split('/')[1]!;

test('every folder of src/ has a place in the layout', () => {
  const folders = [...new Set(sources.map(({ path }) => folderOf(path)))];
  assert.deepEqual(
    folders.filter((folder) => !(folder in MAY_IMPORT)),
    [],
  );
});

test('imports point down only', () => {
  const wrong = sources.flatMap(({ path, imports }) =>
    imports.flatMap(({ file, names }) => {
      if (file === null) return [];
      const [from, to] = [folderOf(path), folderOf(file)];
      if (!file.startsWith('src/')) return [`${path} imports ${file}`];
      if (from === to) return [];
      if (!MAY_IMPORT[from]!.includes(to)) return [`${path} imports ${file}`];
      const more = names.filter((name) => !SLOT_NAMES.includes(name));
      if (to === 'ring' && SLOT_ONLY.includes(from) && more.length > 0) {
        return [`${path} imports ${more.join(', ')} of ring/: it may know slots, not owners`];
      }
      return [];
    }),
  );
  assert.deepEqual(wrong, []);
});

test('what is imported exists', () => {
  const known = new Set([...sources, ...tests].map(({ path }) => path));
  const wrong = [...sources, ...tests].flatMap(({ path, imports }) =>
    imports.filter(({ file }) => file !== null && !known.has(file)).map(({ file }) => `${path}: ${file}`),
  );
  assert.deepEqual(wrong, []);
});

test('no import cycles', () => {
  // An import of types alone is not counted: it vanishes when compiled, and ties no file's start to another's.
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (path: string, trail: string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      return;
    }
    state.set(path, 'open');
    for (const { file, typeOnly } of byPath.get(path)?.imports ?? []) {
      if (file !== null && !typeOnly) visit(file, [...trail, path]);
    }
    state.set(path, 'done');
  };
  for (const { path } of sources) visit(path, []);
  assert.deepEqual(cycles, []);
});

test('clocks, chance, timers and sockets are touched at the edges only', () => {
  const wrong = sources
    .filter(({ path }) => !EDGES.includes(folderOf(path)))
    .flatMap(({ path, code, text }) =>
      BANNED.filter(([pattern]) =>
        // The names of modules stand in quotes.
        pattern.test(pattern.source.startsWith('from') ? blank(text, true) : code),
      ).map(([, name]) => `${path}: ${name}`),
    );
  assert.deepEqual(wrong, []);
});

test('router/ and data/ never import a package that opens sockets or reads files by itself', () => {
  const wrong = sources
    .filter(({ path }) => !EDGES.includes(folderOf(path)))
    .flatMap(({ path, text }) => (/from '(ioredis|redis|node-zookeeper-client)'/.test(text) ? [path] : []));
  assert.deepEqual(wrong, []);
});

test('globals that are getters are imported instead', () => {
  // Each use of the global Buffer or performance calls its getter; an import is read once.
  const got = sources
    .filter(({ code, text }) =>
      GETTERS.some(({ used, from }) => used.test(code) && !text.includes(`from '${from}'`)),
    )
    .map(({ path }) => path);
  assert.deepEqual(got, []);
});

test('no dead exports', () => {
  const used = new Set<string>();
  for (const { path, imports } of [...sources, ...tests]) {
    for (const { file, names } of imports) {
      // An index only hands on: being named there is not being used.
      if (file === null || path.endsWith('/index.ts')) continue;
      for (const name of names) used.add(`${file}: ${name}`);
    }
  }
  // What is used of an index is used of the file it comes from.
  for (const { path, imports } of sources) {
    if (!path.endsWith('/index.ts')) continue;
    for (const { file, names } of imports) {
      if (file === null) continue;
      for (const name of names) {
        if (name === '*' || used.has(`${path}: ${name}`) || used.has(`${path}: *`))
          used.add(`${file}: ${name}`);
      }
    }
  }
  const pattern =
    /^export\s+(?:declare\s+|abstract\s+|async\s+)*(function\*?|class|const|let|interface|type|enum)\s+(\w+)/gm;
  const dead = sources.flatMap(({ path, code }) =>
    [...code.matchAll(pattern)]
      .filter(([, kind, name]) => {
        if (used.has(`${path}: ${name}`) || used.has(`${path}: *`)) return false;
        // A type that only says what another export of its file takes or gives is part of that export.
        const described = kind === 'interface' || kind === 'type';
        return !described || code.split(new RegExp(`\\b${name}\\b`)).length < 3;
      })
      .map((match) => `${path}: ${match[2]}`)
      .filter((name) => !UNUSED_ALLOWED.has(name)),
  );
  assert.deepEqual(dead, []);
});

test('every file begins with what it decides and what it must never do', () => {
  const wrong = [...sources, ...tests]
    // An index decides nothing: it is a list of names.
    .filter(({ path, text }) => !path.endsWith('/index.ts') && !/^(#!.*\n)?(\/\/ |\/\*\*?\s)/.test(text))
    .map(({ path }) => path);
  assert.deepEqual(wrong, []);
});

test('files stay short', (t) => {
  const lengths = sources.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
  for (const { path, lines } of lengths) if (lines > 300) t.diagnostic(`${path}: ${lines} lines`);
  assert.deepEqual(
    lengths.filter(({ lines }) => lines > 400).map(({ path }) => path),
    [],
  );
});

test('the checks see what they look for', () => {
  const text = `// x\nimport { a, type B } from './b.js';\nconst s = 'Date.now()'; /* Math.random */ f(Date.now());`;
  assert.deepEqual(importsOf('src/ring/x.ts', text), [
    { file: 'src/ring/b.ts', names: ['a', 'B'], typeOnly: false },
  ]);
  assert.equal(blank(text, false).match(/Date\.now/g)?.length, 1);
  assert.equal(/Math\.random/.test(blank(text, false)), false);
  const template = ['const t = `$', '{Math.random()} Date.now`;'].join('');
  assert.match(blank(template, false), /Math\.random/);
  assert.doesNotMatch(blank(template, false), /Date\.now/);
  assert.match(blank("f(/'/); Date.now(); g(/'/)", false), /Date\.now/);
  // In two pieces, since this file is looked at too.
  const dynamic = ['await import', "('../data/start.js')"].join('');
  assert.equal(importsOf('src/cli/x.ts', dynamic)[0]!.file, 'src/data/start.ts');
  assert.equal(importsOf('src/a/x.ts', "export * from './y.js';")[0]!.names[0], '*');
  assert.equal(importsOf('src/a/x.ts', "import type { Y } from './y.js';")[0]!.typeOnly, true);
});

test('Biome has nothing to say', async () => {
  const biome = join(ROOT, 'node_modules/.bin/biome');
  try {
    await promisify(execFile)(biome, ['check', '.'], { cwd: ROOT, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    assert.fail(`npx biome check .\n${stdout}${stderr}`.slice(0, 8000));
  }
});
