// How one client's commands are told apart on a lane: a client that has nothing else under way goes untagged, since nothing
// of it could be overtaken. If more follows while that command is under way, the lane is told that it was the same
// client's.
import type { Proto, Request } from '../resp/index.js';
import type { DataLane, Sink } from './data-lane.js';

/** The last command of one client that was sent untagged. */
export class Solo {
  private lane: DataLane | null = null;
  private seq = -1;
  private counter = 0;

  /**
   * @param alone the client has no other command under way, nor a part of one
   * @param tag the client's
   * @param head number of its oldest command without an answer
   * @returns the command's counter on the lane
   */
  send(
    alone: boolean,
    tag: number,
    head: number,
    lane: DataLane,
    sink: Sink,
    seq: number,
    request: Request,
    db: number,
    proto: Proto,
    write: boolean,
  ): number {
    if (alone) {
      this.lane = lane;
      this.seq = seq;
      return (this.counter = lane.send(sink, seq, request, db, proto, 0, 0, write));
    }
    const solo = this.lane === lane && this.seq >= head ? this.counter : 0;
    return lane.send(sink, seq, request, db, proto, tag, solo, write);
  }
}
