// Inline commands: one line of words, with quotes and escapes as Redis's own splitter reads them.

const HEX = /^[0-9a-fA-F]{2}$/;
const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };
const isSpace = (c: string) => endsWord(c) || c === '\v' || c === '\f';
// Redis skips more kinds of space before a word than end one.
const endsWord = (c: string) => c === ' ' || c === '\n' || c === '\r' || c === '\t' || c === '\0';

/**
 * Splits a line (latin1 text, without its line end) into words.
 * @returns the words as latin1 text, or null when quotes are unbalanced.
 */
export function splitInline(line: string): string[] | null {
  const words: string[] = [];
  let i = 0;
  for (;;) {
    while (i < line.length && isSpace(line[i]!)) i++;
    if (i >= line.length) return words;
    let word = '';
    for (let done = false; !done; ) {
      const c = line[i];
      if (c === undefined || endsWord(c)) break;
      if (c !== '"' && c !== "'") {
        word += c;
        i++;
        continue;
      }
      const end = c === '"' ? doubleQuoted(line, i + 1) : singleQuoted(line, i + 1);
      if (end === null) return null;
      word += end.text;
      i = end.next;
      // A closing quote must be followed by a space or by nothing.
      if (i < line.length && !isSpace(line[i]!)) return null;
      done = true;
    }
    words.push(word);
  }
}

function doubleQuoted(line: string, i: number): { text: string; next: number } | null {
  let text = '';
  for (; i < line.length; i++) {
    const c = line[i]!;
    if (c === '"') return { text, next: i + 1 };
    if (c !== '\\' || i + 1 >= line.length) {
      text += c;
      continue;
    }
    const hex = line.slice(i + 2, i + 4);
    if (line[i + 1] === 'x' && HEX.test(hex)) {
      text += String.fromCharCode(Number.parseInt(hex, 16));
      i += 3;
    } else {
      i++;
      text += ESCAPES[line[i]!] ?? line[i]!;
    }
  }
  return null;
}

function singleQuoted(line: string, i: number): { text: string; next: number } | null {
  let text = '';
  for (; i < line.length; i++) {
    const c = line[i]!;
    if (c === "'") return { text, next: i + 1 };
    if (c === '\\' && line[i + 1] === "'") {
      text += "'";
      i++;
    } else text += c;
  }
  return null;
}
