// The router's data lane to one group: plain commands out, replies back, each named by a counter. Remembers what is
// unanswered, and says it again, in order, to whoever is primary next (R10). Must never send anything new before that.
import { ABSENT } from '../net/absent.js';
import { decodeChanged, isChanged } from '../net/changed-message.js';
import { readConfig } from '../net/config-message.js';
import { decodeEvents, isEvents } from '../net/event-message.js';
import type { Host } from '../net/host.js';
import { Link } from '../net/link.js';
import {
  ByteWriter,
  encodeCommand,
  type Proto,
  ProtocolError,
  ReplySplitter,
  type Request,
} from '../resp/index.js';
import { Inquiry } from './inquiry.js';
import type { LaneOwner } from './lane-owner.js';
import { atIn, type Batch, type Mode, pushWords, ringOf, saidAgain, sentAs } from './said.js';

/** Who wants the reply to a command: a client's session, or the router itself. */
export interface Sink {
  /** The reply to command `seq` of this sink: bytes [start, end) of `buffer`, which is never changed. */
  reply(seq: number, buffer: Buffer, start: number, end: number): void;
  /** Nothing was executed: the ring is another one now. Plan command `seq` again, with what it was sent with. */
  stale(seq: number, request: Request, db: number, proto: Proto): void;
  /** The group does not hold the key that it was asked for with TOWLINE.ASK. @param mark net/absent.ts */
  absent?(mark: number): void;
}

/** Commands under way on one lane at most; new ones wait at their clients. */
const MAX_INFLIGHT = 1 << 20;
/** Bytes of unanswered commands kept at most. */
const MAX_BYTES = 256 * 1024 * 1024;
/** Answered commands after which the primary is told that their replies have arrived. */
const ACK_EVERY = 512;
/** Commands longer than this are sent without being copied. */
const LARGE = 64 * 1024;
const PAUSES = { first: 2, last: 25 };
/** Without a connection that was taken, or an answer, for so long: other members are asked who leads, ms. */
const ASK_AFTER_MS = 300;
const CLIENT_HEAD = '*2\r\n$14\r\nTOWLINE.CLIENT\r\n$';

/** Takes the reply of a command that nobody waits for any more. */
const NOBODY: Sink = { reply() {}, stale() {} };

/** Data lane to one group. */
export class DataLane {
  private readonly link: Link;
  private readonly inquiry: Inquiry;
  /** Whether the primary has taken this connection, and since when none has been, monotonic ms. */
  private taken = false;
  private untakenSince: number;
  private splitter = new ReplySplitter();
  private expected = 0;
  /** Unanswered commands by counter, circular; null: answered. */
  private sinks: (Sink | null)[] = new Array<Sink | null>(1024).fill(null);
  private seqs = new Float64Array(1024);
  /** Lowest unanswered counter, and the next new one. */
  private floor = 1;
  private next = 1;
  private acked = 1;
  private batches: Batch[] = [];
  private heldBytes = 0;
  private readonly out = new ByteWriter();
  private parts: Buffer[] = [];
  private partBytes = 0;
  private openFirst = 1;
  private openMode: Mode;
  private readonly mode: Mode;
  private scheduled = false;
  private wasFull = false;
  /** Commands that somebody waits for. */
  pending = 0;
  /** Commands sent, for statistics. */
  reads = 0;
  writes = 0;

  constructor(
    private readonly host: Host,
    private readonly owner: LaneOwner,
    readonly group: string,
  ) {
    this.mode = { db: 0, proto: 2, tag: 0, ring: owner.ringFence() };
    this.openMode = { ...this.mode };
    this.untakenSince = host.now();
    this.inquiry = new Inquiry(host, owner, group);
    this.link = new Link(
      host,
      {
        address: () => owner.primary(group),
        hello: () => this.hello(),
        opened: () => this.sayAgain(),
        data: (chunk) => this.data(chunk),
        closed: () => {
          if (this.taken) this.untakenSince = host.now();
          owner.tracking.missed();
          this.taken = false;
        },
      },
      PAUSES,
    );
  }

  /** No new command may be sent: its client must wait. */
  get full(): boolean {
    const full = this.next - this.floor >= MAX_INFLIGHT || this.heldBytes + this.out.length > MAX_BYTES;
    if (full) this.wasFull = true;
    return full;
  }
  /** The protocol that its replies are in until another one is asked for. */
  get proto(): Proto {
    return this.mode.proto;
  }
  get connected(): boolean {
    return this.taken;
  }

  /**
   * Sends a command at the end of this turn.
   * @param tag tells clients apart that have more than one command under way; 0: this is the client's only one
   * @param solo counter of a command of the same client that was sent with tag 0 and is still under way; 0: none
   * @returns the command's counter
   */
  send(
    sink: Sink,
    seq: number,
    request: Request,
    db: number,
    proto: Proto,
    tag: number,
    solo: number,
    write: boolean,
  ): number {
    const { mode, out } = this;
    if (mode.db !== db) out.bytes(encodeCommand(['TOWLINE.DB', (mode.db = db)]));
    if (mode.proto !== proto) out.bytes(encodeCommand(['TOWLINE.PROTO', (mode.proto = proto)]));
    if (mode.tag !== tag) {
      mode.tag = tag;
      if (solo > 0) out.bytes(encodeCommand(['TOWLINE.CLIENT', tag, solo]));
      else {
        // With pipelining clients this is said every few commands: no intermediate objects.
        const digits = String(tag);
        out.latin1(CLIENT_HEAD);
        out.latin1(`${digits.length}\r\n${digits}\r\n`);
      }
    }
    const ring = this.owner.ringFence();
    if (mode.ring !== ring) {
      // With the document: a primary that is cut from ZooKeeper adopts it all the same (R2).
      const document = JSON.stringify(this.owner.ringDocument());
      out.bytes(encodeCommand(['TOWLINE.RING', (mode.ring = ring), document]));
    }
    if (request.end - request.start > LARGE) {
      this.cut();
      this.part(request.raw());
    } else out.range(request.buffer, request.start, request.end);
    if (this.next - this.floor >= this.sinks.length) this.grow();
    const at = this.next & (this.sinks.length - 1);
    this.sinks[at] = sink;
    this.seqs[at] = seq;
    this.next++;
    this.pending++;
    if (write) this.writes++;
    else this.reads++;
    this.schedule();
    return this.next - 1;
  }

  /**
   * Called now and then. Answers commands that have waited longer than `deadlineMs` with UNCERTAIN; they stay under
   * way. Asks other members who leads when the primary is silent.
   */
  expire(deadlineMs: number, error: Buffer): void {
    const silentSince = this.taken ? this.batches[0]?.sentAt : this.untakenSince;
    if (silentSince !== undefined && this.host.now() - silentSince >= ASK_AFTER_MS) this.inquiry.ask();
    const limit = this.host.now() - deadlineMs;
    for (const batch of this.batches) {
      if (batch.sentAt > limit) break;
      for (let counter = Math.max(batch.first, this.floor); counter < batch.next; counter++) {
        const at = counter & (this.sinks.length - 1);
        const sink = this.sinks[at]!;
        if (sink === null || sink === NOBODY) continue;
        this.settle(at, sink);
        this.sinks[at] = NOBODY;
        sink.reply(this.seqs[at]!, error, 0, error.length);
      }
    }
    if (this.pending === 0) this.owner.idle();
  }
  /**
   * The group began anew, with nothing of what it had: what was sent to its former members may have been executed there,
   * and must not be said to the new ones, who remember nothing of it (R10).
   */
  renounce(error: Buffer): void {
    const sent = this.openFirst;
    for (let counter = this.floor; counter < sent; counter++) {
      const at = counter & (this.sinks.length - 1);
      const sink = this.sinks[at]!;
      if (sink === null) continue;
      this.settle(at, sink);
      sink.reply(this.seqs[at]!, error, 0, error.length);
    }
    this.advance();
    if (this.pending === 0) this.owner.idle();
  }

  /** Tells which keyspace events and changes are wanted; a new connection is told first of all. */
  notify(): void {
    this.link.write(encodeCommand(['TOWLINE.NOTIFY', this.owner.wanted]));
  }

  /** The group's primary is another one: connects to it at once. */
  primaryChanged(): void {
    this.link.again();
  }

  stop(): void {
    this.link.stop();
    this.inquiry.stop();
  }

  // ---- sending

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.host.endOfTurn(() => this.flush());
  }

  private cut(): void {
    if (this.out.length > 0) this.part(this.out.take());
  }
  private part(bytes: Buffer): void {
    this.parts.push(bytes);
    this.partBytes += bytes.length;
  }

  private flush(): void {
    this.scheduled = false;
    if (this.link.open && this.floor - this.acked >= ACK_EVERY) {
      this.acked = this.floor;
      this.out.bytes(encodeCommand(['TOWLINE.ACK', this.acked]));
    }
    this.cut();
    if (this.partBytes === 0) return;
    const { parts, partBytes } = this;
    this.parts = [];
    this.partBytes = 0;
    this.batches.push({
      first: this.openFirst,
      next: this.next,
      parts,
      bytes: partBytes,
      sentAt: this.host.now(),
      mode: this.openMode,
    });
    this.heldBytes += partBytes;
    this.openFirst = this.next;
    this.openMode = { ...this.mode };
    for (const part of parts) this.link.write(part);
  }

  private grow(): void {
    const size = this.sinks.length * 2;
    const sinks = new Array<Sink | null>(size).fill(null);
    const seqs = new Float64Array(size);
    for (let counter = this.floor; counter < this.next; counter++) {
      sinks[counter & (size - 1)] = this.sinks[counter & (this.sinks.length - 1)]!;
      seqs[counter & (size - 1)] = this.seqs[counter & (this.seqs.length - 1)]!;
    }
    this.sinks = sinks;
    this.seqs = seqs;
  }

  // ---- replies

  private data(chunk: Buffer): void {
    const { splitter } = this;
    splitter.feed(chunk);
    while (splitter.next()) {
      const { buffer, start, end } = splitter;
      if (buffer[start] === 62) {
        const at = atIn(buffer, start, end);
        if (at >= 0) this.expected = at;
        else this.message(buffer.subarray(start, end));
      } else {
        const counter = this.expected++;
        const at = counter & (this.sinks.length - 1);
        const sink = this.sinks[at]!;
        if (counter < this.floor || counter >= this.next || sink === null)
          throw new ProtocolError('reply to nothing');
        this.settle(at, sink);
        sink.reply(this.seqs[at]!, buffer, start, end);
        if (counter === this.floor) this.advance();
        if (this.pending === 0) this.owner.idle();
      }
    }
  }

  private settle(at: number, sink: Sink): void {
    this.sinks[at] = null;
    if (sink !== NOBODY) this.pending--;
  }

  private advance(): void {
    const mask = this.sinks.length - 1;
    while (this.floor < this.next && this.sinks[this.floor & mask] === null) this.floor++;
    let done = 0;
    while (done < this.batches.length && this.batches[done]!.next <= this.floor) {
      this.heldBytes -= this.batches[done++]!.bytes;
    }
    if (done > 0) this.batches.splice(0, done);
    if (this.floor - this.acked >= ACK_EVERY) this.schedule();
    if (this.wasFull && !this.full) {
      this.wasFull = false;
      this.owner.relieved();
    }
  }

  private message(bytes: Buffer): void {
    if (isEvents(bytes)) return this.owner.keyEvents.tell(decodeEvents(bytes));
    if (isChanged(bytes)) return this.owner.tracking.changed(this, decodeChanged(bytes));
    const words = pushWords(bytes);
    switch (words[0]) {
      case 'TOWLINE.LANE':
        this.taken = true;
        // What changed before this primary knew that it should tell was not told.
        this.owner.tracking.missed();
        this.owner.heard(Number(words[4]), null);
        this.owner.blocking.opened(this.group);
        return;
      case 'TOWLINE.READY':
      case 'TOWLINE.TAILS':
        return this.owner.blocking.said(this.group, words);
      case 'TOWLINE.RENEW':
        return this.owner.heard(Number(words[1]), ringOf(words[2] ?? ''));
      case 'TOWLINE.CONFIG':
        // From one that leads no more, or does not lead (R7).
        if (words[1] === this.group) this.owner.setConfig(this.group, readConfig(words[2] ?? ''));
        return;
      case 'TOWLINE.STALE':
        return this.noReply((sink, seq, counter) => {
          const { request, mode } = sentAs(this.batches, counter);
          sink.stale(seq, request, mode.db, mode.proto);
          this.owner.heard(Number(words[2]), words.length > 3 ? ringOf(words[3]!) : null);
        });
      case ABSENT:
        return this.noReply((sink) => sink.absent?.(Number(words[2])));
      default:
        throw new ProtocolError(`unexpected message ${words[0]}`);
    }
  }

  /** The next command was not executed as it came: its sink is told otherwise than by a reply. */
  private noReply(tell: (sink: Sink, seq: number, counter: number) => void): void {
    const counter = this.expected++;
    const at = counter & (this.sinks.length - 1);
    const sink = this.sinks[at] ?? null;
    if (counter < this.floor || counter >= this.next || sink === null)
      throw new ProtocolError('reply to nothing');
    this.settle(at, sink);
    tell(sink, this.seqs[at]!, counter);
    if (counter === this.floor) this.advance();
    if (this.pending === 0) this.owner.idle();
  }

  /** Says who we are. */
  private hello(): Buffer {
    // What was not flushed yet belongs to the end of the line.
    this.flush();
    this.splitter = new ReplySplitter();
    this.expected = this.floor;
    this.acked = this.floor;
    const first = this.batches[0]?.mode ?? this.openMode;
    const { id, wanted } = this.owner;
    const words = ['TOWLINE.LANE', id, this.floor, this.next, first.ring];
    return encodeCommand(wanted === 0 ? words : [...words, wanted]);
  }

  /** Everything unanswered again, in the original order (R10). */
  private sayAgain(): void {
    const unanswered = (counter: number) =>
      counter >= this.floor && this.sinks[counter & (this.sinks.length - 1)] !== null;
    this.link.write(saidAgain(this.batches, this.mode, { from: this.floor, to: this.next, unanswered }));
  }
}
