// What `runtest` prints, as results: one for each test that was begun. Pure: text in, results out.

/** How one test ended. */
export interface Result {
  name: string;
  outcome: 'ok' | 'err';
  /** What it printed on failing. */
  detail: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with ESC
const COLOUR = /\x1b\[[0-9;]*m/g;
const LINE = /^\[(ok|err|exception)\]: (.*)$/;
const TIMED = / \(\d+ ms\)$/;
const FILE = / in tests\/[a-z0-9/_-]+\.tcl$/;
/** What follows the last result. */
const END =
  /^(\[\d+\/\d+ done\]|\[(skip|ignore|testing|timeout)\]|!!! WARNING|Cleanup: may take|\s+The End$)/;

/** The results in their order. An abort outside of any test has a name that begins with `aborted: `. */
export function parseResults(output: string): Result[] {
  const results: Result[] = [];
  let open: Result | null = null;
  for (const line of output.replace(COLOUR, '').split('\n')) {
    const found = LINE.exec(line);
    if (found === null) {
      if (END.test(line)) open = null;
      else if (open !== null) open.detail += `${line}\n`;
      continue;
    }
    const [, word, text] = found as unknown as [string, string, string];
    open = null;
    if (word === 'ok') results.push({ name: text.replace(TIMED, ''), outcome: 'ok', detail: '' });
    else {
      const name = FILE.test(text) ? text.replace(FILE, '') : `aborted: ${text}`;
      open = { name, outcome: 'err', detail: '' };
      results.push(open);
    }
  }
  return results;
}
