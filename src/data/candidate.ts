// Dynamic SYNC, the candidate's side: takes keys and what is written meanwhile, in the order they come, until the
// primary says that this is everything up to a seq. Until then it is nobody: it votes for nothing.
import type { Conn, ConnHandler } from '../net/host.js';
import { decodeTxnEntry } from '../net/wire.js';
import { encodeCommand, ProtocolError, type Request, RequestParser } from '../resp/index.js';
import type { Applier } from './applier.js';
import type { GroupClock } from './clock.js';
import { Assembly } from './pieces.js';
import { databaseOf, numberOf } from './vet.js';

/** What the candidate tells the node. */
export interface CandidateOwner {
  readonly applier: Applier;
  readonly clock: GroupClock;
  /** Whether this is the sync under way: a newer one may have taken its place. */
  current(): boolean;
  /** Everything up to `seq` of `term` is here: this member may follow the log. */
  synced(term: number, seq: number): void;
  /** The connection ended before that: what has come so far is worth nothing. */
  broken(): void;
}

/** Handles one sync connection. What `parser` still holds follows. */
export function receiveSync(conn: Conn, parser: RequestParser, owner: CandidateOwner): ConnHandler {
  let over = false;
  const assembly = new Assembly();
  const read = () => {
    while (!over && parser.next()) {
      if (message(parser.request, conn, owner, assembly)) {
        over = true;
        conn.end();
      }
    }
  };
  conn.write(encodeCommand(['TOWLINE.READY']));
  read();
  return {
    data: (chunk) => {
      if (over || !owner.current()) return;
      try {
        parser.feed(chunk);
        read();
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        conn.destroy();
      }
    },
    closed: () => {
      if (over) return;
      over = true;
      owner.broken();
    },
  };
}

/** Takes one message. @returns whether it was the last one. */
function message(
  request: Request,
  conn: Conn,
  { applier, clock, synced }: CandidateOwner,
  assembly: Assembly,
): boolean {
  switch (request.text(0)) {
    case 'TOWLINE.COPY':
      applier.run(request.bytes(1));
      return false;
    case 'TOWLINE.PART': {
      const [db, key] = [databaseOf(request, 1), request.text(2)];
      const last = numberOf(request, 4) === 1;
      const whole = assembly.take(db, key, numberOf(request, 3), last, request.bytes(5));
      if (whole !== null) applier.put(db, key, whole);
      return false;
    }
    case 'TOWLINE.MARK':
      conn.write(encodeCommand(['TOWLINE.MARK']));
      return false;
    case 'TOWLINE.FLOOR':
      applier.remembered.begin(request.text(1), numberOf(request, 2));
      return false;
    case 'TOWLINE.ANSWERS': {
      const answers = { seq: numberOf(request, 2), index: request.bytes(3), replies: request.bytes(4) };
      applier.remember(request.text(1), answers);
      return false;
    }
    case 'TOWLINE.TXN': {
      const parser = new RequestParser();
      parser.feed(request.bytes(1));
      if (!parser.next()) throw new ProtocolError('log entry cut short');
      applier.transactions.restore(decodeTxnEntry(parser.request));
      return false;
    }
    case 'TOWLINE.SYNCED':
      clock.heard(numberOf(request, 3));
      synced(numberOf(request, 1), numberOf(request, 2));
      return true;
    default:
      throw new ProtocolError('unexpected message in a sync');
  }
}
