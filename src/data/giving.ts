// Keys that leave this group in pieces: who moves one asks for piece after piece, and is told so when the key is not any
// more what the first piece was of. Must never change a key.
import { Buffer } from 'node:buffer';
import { ProtocolError, type Request } from '../resp/index.js';
import { KeyExport, type PieceSize } from '../store/index.js';
import type { LanesOwner } from './lanes-owner.js';
import { numberOf } from './vet.js';

/** Keys under way at most: the one that was asked for longest ago is given up. */
const MOST = 16;
/** A key of which nobody asks for more is given up, ms. */
const IDLE_MS = 30_000;

interface Given {
  readonly key: KeyExport;
  /** Number of the next piece. */
  n: number;
  /** The piece before it: its answer may have been lost with a connection. */
  piece: Buffer;
  /** When a piece was asked for last, ms of the group's clock. */
  at: number;
}

/** Keys that are being given away. */
export class Giving {
  private readonly all = new Map<string, Given>();

  constructor(private readonly size?: PieceSize) {}

  /**
   * Answers `TOWLINE.PIECE key name n`: [seq, last, bytes], piece n of the key, of those that go by this name; nil: there
   * is no such key; an error: the key has changed since piece 0, or that is too long ago. @throws ProtocolError
   */
  piece({ store, writer }: LanesOwner, request: Request): void {
    const { ctx } = writer;
    const { reply } = ctx;
    if (request.argc !== 4) throw new ProtocolError('a piece of nothing');
    const [key, name, n] = [request.text(1), request.text(2), numberOf(request, 3)];
    // The look-up deletes the key if it has expired, and says what the answer depends on.
    if (store.findQuiet(ctx, key) === undefined) {
      this.all.delete(name);
      return reply.nil();
    }
    if (n === 0) this.begin(name, KeyExport.of(store, ctx.db, key, this.size)!, ctx.now);
    const given = this.all.get(name);
    const same = given?.key.key === key && given.key.db === ctx.db && given.key.current;
    if (!same || n > given.n || n < given.n - 1) {
      this.all.delete(name);
      return reply.error('PIECE the key has changed, or was not asked for lately');
    }
    if (n === given.n) {
      const piece = given.key.next();
      if (piece === null) return reply.error('PIECE there is no more');
      given.piece = piece;
      given.n++;
    }
    given.at = ctx.now;
    reply.array(3);
    reply.integer(given.key.seq);
    reply.integer(given.key.over ? 1 : 0);
    reply.bulk(given.piece);
  }

  private begin(name: string, key: KeyExport, at: number): void {
    this.all.delete(name);
    this.all.set(name, { key, n: 0, piece: NONE, at });
    if (this.all.size <= MOST) return;
    const [oldest] = [...this.all].sort(([, a], [, b]) => a.at - b.at);
    this.all.delete(oldest![0]);
  }

  /** Gives up what nobody asks for any more: a value that was deleted meanwhile would be held for it. */
  expire(now: number): void {
    for (const [name, { at }] of this.all) if (at < now - IDLE_MS) this.all.delete(name);
  }
}

const NONE = Buffer.alloc(0);
