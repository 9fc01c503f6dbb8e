// Scripts and replies for people: short where the same bytes come again and again.
import type { Script } from './script.js';

/** Letters of a turn or a reply. */
const MOST = 600;
/** Words of one command. */
const MOST_WORDS = 12;

/** Text in quotes, with long runs of one letter (or two) counted. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /(.{1,2}?|\\u[0-9a-f]{4}.?|.\\u[0-9a-f]{4})\1{20,}/g,
    (all, unit: string) => {
      return `${unit}<${all.length / unit.length} times>`;
    },
  );
}

function wordsOf(words: readonly string[]): string {
  const left = words.length - MOST_WORDS;
  return words.slice(0, MOST_WORDS).map(quoted).join(' ') + (left > 0 ? ` (${left} more)` : '');
}

/** A reply, or commands. */
export function shown(what: string | readonly (readonly string[])[]): string {
  const text = typeof what === 'string' ? quoted(what) : what.map(wordsOf).join('; ');
  return text.length > MOST ? `${text.slice(0, MOST)}... (${text.length})` : text;
}

/** One turn a line. */
export function linesOf({ protocols, turns }: Script): string {
  return [
    `  RESP ${protocols.join(' ')}`,
    ...turns.map((turn) =>
      'commands' in turn
        ? `  ${turn.client}: ${shown(turn.commands)}`
        : 'scan' in turn
          ? `  ${turn.client}: whole scan ${shown([turn.scan])}`
          : `  ${turn.client}: dump and restore ${shown([turn.swap])}`,
    ),
  ].join('\n');
}
