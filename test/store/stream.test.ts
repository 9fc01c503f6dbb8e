// Streams: replies, effects, copies, payloads; what clocks do to IDs and to what is pending.
import { testFamily } from './collections.js';
import { STREAM_KEYS, streamCommand } from './stream-commands.js';

/** Times are told as how long ago, roughly: the two servers look at their clocks at different moments. */
const ROUGH_MS = 1_000_000;

function normal(words: readonly string[], reply: string): string {
  const [name, sub] = [words[0]!.toUpperCase(), words[1]?.toUpperCase()];
  const lines = reply.split('\r\n');
  const rough = (line: string, now = 0) => `about ${Math.round((Number(line.slice(1)) - now) / ROUGH_MS)}`;
  if (name === 'XPENDING' && words.length > 3) {
    let numbers = 0;
    return lines.map((line) => (line[0] === ':' && numbers++ % 2 === 0 ? rough(line) : line)).join();
  }
  if (name === 'XINFO' && sub === 'CONSUMERS')
    return lines.map((line, i) => (lines[i - 1] === 'idle' ? rough(line) : line)).join();
  if (name === 'XINFO' && sub === 'STREAM')
    return lines.map((line) => (/^:\d{13}$/.test(line) ? rough(line, Date.now()) : line)).join();
  return reply;
}

testFamily('stream', STREAM_KEYS, { command: streamCommand, normal });
