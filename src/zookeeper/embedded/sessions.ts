// Sessions: ids, passwords, negotiated timeouts, and expiry in whole ticks as the real server rounds it. Pure.
// A session outlives its connection; only expire or end removes it.

/** One client session. */
export interface Session {
  readonly id: bigint;
  readonly password: Buffer;
  timeoutMs: number;
  /** When it expires, in monotonic ms, always a multiple of the tick. */
  dueMs: number;
}

/** The settings of a server's sessions, in milliseconds. */
export interface SessionLimits {
  tickMs: number;
  minTimeoutMs: number;
  maxTimeoutMs: number;
  maxSessions: number;
}

/** All sessions of the server. */
export class Sessions {
  readonly #byId = new Map<bigint, Session>();
  readonly #limits: SessionLimits;
  readonly #password: () => Buffer;
  #nextId: bigint;

  /**
   * @param wallMs start of the server: ids begin there, so an id of an earlier run is never met again
   * @param password gives 16 unpredictable bytes
   */
  constructor(limits: SessionLimits, wallMs: number, password: () => Buffer) {
    this.#limits = limits;
    this.#password = password;
    this.#nextId = (BigInt(Math.trunc(wallMs)) << 16n) & 0x00ff_ffff_ffff_ffffn;
  }

  /** Number of live sessions. */
  get size(): number {
    return this.#byId.size;
  }
  /** Ids of the live sessions, oldest first. */
  ids(): bigint[] {
    return [...this.#byId.keys()];
  }
  /** A live session, or undefined. */
  get(id: bigint): Session | undefined {
    return this.#byId.get(id);
  }

  /** Begins a session; undefined when there are too many. */
  open(wantedMs: number, nowMs: number): Session | undefined {
    if (this.#byId.size >= this.#limits.maxSessions) return undefined;
    const id = this.#nextId++;
    const session = { id, password: this.#password(), timeoutMs: this.#clamp(wantedMs), dueMs: 0 };
    this.#byId.set(id, session);
    this.touch(session, nowMs);
    return session;
  }

  /** Takes a session up again after a reconnection; undefined when it is gone or the password is wrong. */
  resume(id: bigint, password: Buffer, wantedMs: number, nowMs: number): Session | undefined {
    const session = this.#byId.get(id);
    if (session === undefined || !session.password.equals(password)) return undefined;
    session.timeoutMs = this.#clamp(wantedMs);
    this.touch(session, nowMs);
    return session;
  }

  /** Notes a sign of life: the session now expires one timeout later, rounded up to the next tick. */
  touch(session: Session, nowMs: number): void {
    const { tickMs } = this.#limits;
    session.dueMs = Math.max(session.dueMs, (Math.floor((nowMs + session.timeoutMs) / tickMs) + 1) * tickMs);
  }

  /** The sessions whose time is over. They stay until end() is called. */
  overdue(nowMs: number): Session[] {
    return [...this.#byId.values()].filter((session) => session.dueMs <= nowMs);
  }

  /** Forgets a session. */
  end(id: bigint): void {
    this.#byId.delete(id);
  }

  #clamp(wantedMs: number): number {
    return Math.min(Math.max(wantedMs, this.#limits.minTimeoutMs), this.#limits.maxTimeoutMs);
  }
}
