// Cuts a byte stream into jute frames: a 4-byte length, then that many bytes. Client and embedded server share it.
// Never joins pending bytes again for each chunk, and never waits for a frame longer than its bound.
import { Buffer } from 'node:buffer';

/** The peer announced a frame of negative length or beyond the bound; the connection cannot go on. */
export class FrameError extends Error {}

/** Bytes in, whole frames out; a frame keeps its 4-byte length in front. */
export class FrameSplitter {
  readonly #max: number;
  readonly #head = Buffer.alloc(4);
  #headFilled = 0;
  #frame: Buffer | null = null;
  #filled = 0;

  /** @param max the longest body accepted, in bytes */
  constructor(max: number) {
    this.#max = max;
  }

  /**
   * The frames completed by `chunk`, in order. Frames may share memory with `chunk`.
   * @throws FrameError
   */
  push(chunk: Buffer): Buffer[] {
    const frames: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame === null) {
        if (this.#headFilled === 0 && chunk.length - at >= 4) {
          const end = at + 4 + this.#length(chunk, at);
          if (end <= chunk.length) {
            frames.push(chunk.subarray(at, end));
            at = end;
            continue;
          }
        }
        while (this.#headFilled < 4 && at < chunk.length) this.#head[this.#headFilled++] = chunk[at++]!;
        if (this.#headFilled < 4) break;
        this.#frame = Buffer.allocUnsafe(4 + this.#length(this.#head, 0));
        this.#head.copy(this.#frame);
        this.#filled = 4;
        this.#headFilled = 0;
      }
      const frame = this.#frame;
      const size = Math.min(frame.length - this.#filled, chunk.length - at);
      chunk.copy(frame, this.#filled, at, at + size);
      at += size;
      this.#filled += size;
      if (this.#filled === frame.length) {
        frames.push(frame);
        this.#frame = null;
      }
    }
    return frames;
  }

  #length(bytes: Buffer, at: number): number {
    const length = bytes.readInt32BE(at);
    if (length < 0 || length > this.#max)
      throw new FrameError(`frame of ${length} bytes, at most ${this.#max}`);
    return length;
  }
}
