// A command's arguments as others may see them (MONITOR, SLOWLOG): secrets are left out, where Redis leaves them out. Pure.

const SECRETS = ['requirepass', 'masterauth', 'masteruser'];
const REDACTED = '(redacted)';

/** @param name of the command's row @param words with the command's own name; latin1 */
export function shownWords(name: string, words: readonly string[]): string[] {
  if (name === 'auth') return words.map((word, i) => (i === 0 ? word : REDACTED));
  if (name === 'hello') {
    const at = words.findIndex((word, i) => i > 1 && word.toLowerCase() === 'auth');
    return words.map((word, i) => (at > 0 && (i === at + 1 || i === at + 2) ? REDACTED : word));
  }
  if (name === 'config|set') {
    return words.map((word, i) =>
      i > 2 && i % 2 === 1 && SECRETS.includes(words[i - 1]!.toLowerCase()) ? REDACTED : word,
    );
  }
  return [...words];
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x07': '\\a',
  '\b': '\\b',
};

/** A word in quotes, as Redis shows it. */
export function quoted(word: string): string {
  const inner = word.replace(/[^ !#-[\]-~]/g, (char) => {
    return ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${inner}"`;
}
