// PUBLISH in one client's stream of commands. It begins after the answers to what the client sent before it (a SET that
// it announces must have happened), other PUBLISHes excepted; nothing behind it waits for its answer.
import { Buffer } from 'node:buffer';
import type { Request } from '../../resp/index.js';
import type { ChannelKind, PubSubDesk } from '../local/index.js';

/** What is needed of the session. */
export interface PublishingOwner {
  /** head: number of the first command without an answer. */
  readonly order: { readonly head: number };
  /** Runs `begin` when every command before `seq` is answered. */
  afterEarlier(seq: number, begin: () => void): void;
  answer(seq: number, reply: Buffer): void;
}

/** The PUBLISHes of one session. */
export class Publishing {
  /** The newest commands that were PUBLISHes one behind the other: numbers, the end excluded. */
  private from = -1;
  private to = -1;

  constructor(
    private readonly desk: PubSubDesk,
    private readonly owner: PublishingOwner,
  ) {}

  /** @param request valid during this call */
  publish(seq: number, kind: ChannelKind, request: Request): void {
    const { owner } = this;
    if (this.to !== seq) this.from = seq;
    this.to = seq + 1;
    if (this.from <= owner.order.head) return this.begin(seq, kind, request);
    const kept = request.clone();
    owner.afterEarlier(seq, () => this.begin(seq, kind, kept));
  }

  private begin(seq: number, kind: ChannelKind, request: Request): void {
    this.desk.publish(kind, request.bytes(1), request.bytes(2), (receivers) => {
      this.owner.answer(seq, Buffer.from(`:${receivers}\r\n`, 'latin1'));
    });
  }
}
