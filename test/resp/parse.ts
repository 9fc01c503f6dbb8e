// Runs the request parser over bytes cut at given places, and says what came out as plain values.
import { ProtocolError, RequestParser } from '../../src/resp/index.js';

/** Commands found, and the error that ended it, if one did. */
export interface Parsed {
  commands: string[][];
  error: string | null;
}

/** Pieces of `bytes` cut at these offsets. */
export function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  // Copies: what the parser keeps must not depend on neighbours in one buffer.
  return at.slice(1).map((to, i) => Buffer.from(bytes.subarray(at[i]!, to)));
}

/** Feeds the pieces; every command that is complete is read before the next piece arrives. */
export function parse(chunks: readonly Buffer[], parser = new RequestParser()): Parsed {
  const commands: string[][] = [];
  try {
    for (const chunk of chunks) {
      parser.feed(chunk);
      while (parser.next()) if (parser.request.argc > 0) commands.push(parser.request.texts());
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { commands, error: error.message };
  }
  return { commands, error: null };
}
