// What a session knows about its client, and what CLIENT commands may read and change.
// Plain fields, so that the hot path pays nothing; must never touch a socket: closing is the `kill` hook.
import type { Proto } from '../../resp/index.js';
import type { TrackingState } from '../tracking/state.js';

/** Whether replies are written: `skip` mutes the command after CLIENT REPLY SKIP and then turns itself `on`. */
export type ReplyMode = 'on' | 'off' | 'skip';

/** Kinds of client that CLIENT LIST TYPE and CLIENT KILL TYPE tell apart. */
export type ClientType = 'normal' | 'master' | 'replica' | 'pubsub';

/** One client of this router. Times are ms of the monotonic clock. */
export class ClientState {
  /** Unique in this process, counts from 1. */
  readonly id: number;
  /** `ip:port` of the peer, as addressText() writes it. */
  readonly addr: string;
  /** `ip:port` it connected to. */
  readonly laddr: string;
  /** File descriptor, or a number that stands for it; -1 when unknown. */
  readonly fd: number;
  /** Name set by CLIENT SETNAME or HELLO SETNAME; empty: none. Latin1 text. */
  name = '';
  /** Library set by CLIENT SETINFO. Latin1 text. */
  libName = '';
  libVersion = '';
  /** The only user there is. */
  readonly user = 'default';
  /** Database, 0-15. */
  db = 0;
  /** Protocol version of the replies from the next command on. */
  proto: Proto = 2;
  /** Has given the password, or connected when none was configured. Ask authRequired(), not this. */
  authenticated = false;
  readonly createdAt: number;
  /** When the last bytes of a request arrived: the session sets it. */
  lastInteraction: number;
  /** Name of the row executed last (`client|list`); empty: none yet. The session sets it. */
  lastCommand = '';
  replyMode: ReplyMode = 'on';
  /** The command being dispatched gets no reply. Valid after beginCommand() and, for local commands, after the handler. */
  muted = false;
  noEvict = false;
  noTouch = false;
  /** Commands queued by MULTI; -1 outside of a transaction. */
  multi = -1;
  /** Whether a write is among them. */
  multiWrites = false;
  /** Keys watched. */
  watching = 0;
  /** Parked in a blocking command. */
  blocked = false;
  /** Channels, patterns and shard channels subscribed to. */
  sub = 0;
  psub = 0;
  ssub = 0;
  /** The session sends what it owes, this command's reply included, reads nothing more, and closes. */
  closeAfterReply = false;
  /** Another router, not a client (TOWLINE.PEER HELLO). */
  peer = false;
  /** Is shown what other clients do (MONITOR). */
  monitoring = false;
  /** Bytes received and sent since it connected. */
  bytesIn = 0;
  bytesOut = 0;
  /** Bytes of a request that is not complete yet. */
  pendingInput: () => number = () => 0;
  /** Bytes of replies that the socket has not taken yet. */
  pendingOutput: () => number = () => 0;
  /** Closes the connection at once, without what it is owed. Idempotent. */
  kill: () => void = () => {};
  /** Sends a RESP3 push message, between replies; does nothing once the connection has ended. */
  push: (message: Buffer) => void = () => {};
  /** Gives back its locks, and withdraws where it waits for one: RESET, QUIT, and the end of the connection. */
  freeLocks: () => void = () => {};
  /** Ends a blocking command, as if its time were up or with an error. @returns whether the client was blocked in one */
  unblock: (how: 'timeout' | 'error' | 'gone') => boolean = () => false;
  /** Ends every subscription, or what it was to another router: RESET, and the end of the connection. */
  unsubscribe: () => void = () => {};
  /** Is no longer shown what others do: RESET, and the end of the connection. */
  unmonitor: () => void = () => {};
  /** How it tracks keys; null: it does not. */
  tracking: TrackingState | null = null;
  /** Ends its tracking: RESET, and the end of the connection. */
  untrack: () => void = () => {};
  /** RESET: the session drops its MULTI, WATCHes and subscriptions. */
  onReset: () => void = () => {};

  constructor(id: number, addr: string, laddr: string, fd: number, now: number) {
    this.id = id;
    this.addr = addr;
    this.laddr = laddr;
    this.fd = fd;
    this.createdAt = now;
    this.lastInteraction = now;
  }

  /**
   * The session calls this once as it dispatches each command, in order. Afterwards `muted` says whether the
   * command is answered; CLIENT REPLY changes it for itself, so read it after a local handler has returned.
   */
  beginCommand(): void {
    this.muted = this.replyMode !== 'on';
    if (this.replyMode === 'skip') this.replyMode = 'on';
  }

  get type(): ClientType {
    return this.sub + this.psub + this.ssub > 0 ? 'pubsub' : 'normal';
  }
  /** Which bounds of client-output-buffer-limit hold for it. */
  get limitClass(): 'normal' | 'slave' | 'pubsub' {
    return this.peer || this.monitoring ? 'slave' : this.type === 'pubsub' ? 'pubsub' : 'normal';
  }
  /** The setting `timeout` is not for it. */
  get mayIdle(): boolean {
    return this.blocked || this.peer || this.monitoring || this.type === 'pubsub';
  }

  /** The letters of CLIENT LIST's `flags`. */
  get flags(): string {
    let flags = '';
    if (this.monitoring) flags += 'O';
    if (this.type === 'pubsub') flags += 'P';
    if (this.multi >= 0) flags += 'x';
    if (this.blocked) flags += 'b';
    if (this.closeAfterReply) flags += 'c';
    if (this.tracking !== null) flags += 't';
    if (this.tracking?.broken) flags += 'R';
    if (this.tracking?.options.bcast) flags += 'B';
    if (this.noEvict) flags += 'e';
    if (this.noTouch) flags += 'T';
    return flags === '' ? 'N' : flags;
  }

  /** What RESET puts back: everything but the connection, its counters and whether it is authenticated. */
  reset(): void {
    this.name = '';
    this.db = 0;
    this.proto = 2;
    this.replyMode = 'on';
    this.muted = false;
    this.noEvict = false;
    this.noTouch = false;
  }
}

/** `ip:port` as Redis prints it: IPv6 in brackets, IPv4 that came through an IPv6 socket as IPv4. */
export function addressText(ip: string, port: number): string {
  const plain = ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice(7) : ip;
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}
