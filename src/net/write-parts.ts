// Many buffers in few writes. What is long is written by itself, since putting it together with others would copy it.
import { inOne } from '../resp/index.js';

/** Bytes of a part that is written by itself. */
const LONG = 128 * 1024;

/** Writes the parts in order: short ones together. */
export function writeParts(parts: readonly Buffer[], write: (bytes: Buffer) => void): void {
  let few: Buffer[] = [];
  const flush = () => {
    if (few.length > 0) write(inOne(few));
    few = [];
  };
  for (const part of parts) {
    if (part.length < LONG) few.push(part);
    else {
      flush();
      write(part);
    }
  }
  flush();
}
