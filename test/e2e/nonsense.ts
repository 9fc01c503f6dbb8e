// Nonsense for the fuzz test, from a seed: scripts that one connection sends. Each is made of requests that a server
// answers, with an error mostly, and ends with one that breaks the protocol or is cut off. Never a request that a
// server must obey to everybody's harm (FLUSHALL, CLIENT KILL, CONFIG SET).
import { type ArgumentDoc, type CommandRow, LEAVES, ROWS } from '../../src/command/index.js';
import { encodeAsk } from '../../src/net/wire.js';
import { encodeCommand } from '../../src/resp/index.js';
import { Random } from '../sim/random.js';

/** What one connection does. */
export interface Script {
  bytes: Buffer;
  /** Requests in it. */
  requests: number;
  /** How it ends: the server must close; we hang up at once, or after a while, or half close. */
  end: 'server' | 'destroy' | 'linger' | 'half';
}

// LCS of two long values is slow in any Redis; the others reach beyond the connection. A client that waits for an element
// is no nonsense: nothing behind its command is read, so that a script that the server must end would not.
const LEFT_OUT = new Set(['flushall', 'flushdb', 'client|kill', 'client|pause', 'config|set', 'lcs']);
const COMMANDS = LEAVES.filter(({ name, blocking }) => !LEFT_OUT.has(name) && !blocking);
const tokensOf = (all: readonly ArgumentDoc[] = []): string[] =>
  all.flatMap(({ token, of }) => [...(token === undefined ? [] : [token]), ...tokensOf(of)]);
const TOKENS = new Map(COMMANDS.map((row) => [row, tokensOf(row.arguments)]));
// None between 1000 and 2^32: they would be offsets, and values of hundreds of megabytes.
const NUMBERS =
  '-1 0 1 7 15 16 100 999 4294967296 9223372036854775807 -9223372036854775808 9223372036854775808 1e3 0x10 nan inf 1.5 #999 u8 i65'.split(
    ' ',
  );

/** Requests that make a server give up on the connection; the text behind some is never looked at. */
const BREAKING = [
  '*2147483648\r\n',
  '*1048577\r\n',
  '*99999999999999999999\r\n',
  '*abc\r\n',
  '* 1\r\n$4\r\nPING\r\n',
  '*1\r\n$-5\r\nPING\r\n',
  '*1\r\n$536870913\r\n',
  '*1\r\n$99999999999999999999\r\n',
  '*1\r\n$4x\r\nPING\r\n',
  '*1\r\n:4\r\nPING\r\n',
  '*1\r\nPING\r\n',
  '*2\r\n$3\r\nGET\r\nf:1\r\n',
  'SET f:1 "half a quote\r\n',
  "SET f:1 'half\r\n",
  'GET "a"b\r\n',
];

/** Requests whose end never comes. */
const CUT = [
  '*',
  '*1',
  '*1\r',
  '*3\r\n$3\r\nSET\r\n$3\r\nf:1\r\n$100\r\nabc',
  '*2\r\n$3\r\nGET\r\n$536870912\r\nabc',
  '*1048576\r\n$3\r\nDEL\r\n$3\r\nf:1\r\n',
  '*1000\r\n$4\r\nMGET\r\n$1\r\na\r\n',
  'PING without its end',
  'x'.repeat(60_000),
  '$4',
  '\0\0\0\0',
];

/** What processes say to each other. */
const VERBS =
  'LANE CONTROL REPLICATE DB PROTO CLIENT RING AT ACK LOCKKEYS RELEASE ASIDE PREPARE OUTCOME FORGET INQUIRE ENTRY COMMIT HELD SCAN STATUS EXPORT'.split(
    ' ',
  );

/** Makes scripts. */
export class Nonsense {
  private readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  private below(n: number): number {
    return this.random.below(n);
  }
  private one<T>(of: readonly T[]): T {
    return this.random.pick(of);
  }
  private bytes(longest: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(longest + 1) }, () => this.below(256)));
  }
  private key(): string {
    return `f:${this.below(200)}`;
  }

  private argument(row: CommandRow): string | Buffer {
    const tokens = TOKENS.get(row) ?? [];
    switch (this.below(tokens.length > 0 ? 6 : 5)) {
      case 0:
        return this.one(NUMBERS);
      case 1:
        return this.bytes(60);
      case 5:
        return this.one(tokens);
      default:
        return this.key();
    }
  }

  /** A command with arguments that may or may not make sense; `odd` has one more or fewer than it may. */
  private command(odd: boolean): (string | Buffer)[] {
    const row = this.one(COMMANDS);
    const least = Math.abs(row.arity);
    const words: (string | Buffer)[] = row.name.split('|');
    let length = least;
    if (odd) length = row.arity > 0 ? least + (this.below(2) === 0 ? 1 : -1) : least - 1;
    else if (row.arity < 0) length += this.below(4);
    while (words.length < length) words.push(this.argument(row));
    return words.slice(0, Math.max(1, length));
  }

  private inline(words: (string | Buffer)[]): Buffer {
    const plain = words.map((word) => word.toString('latin1').replace(/[^!#-&(-~]/g, '_') || '_');
    return Buffer.from(`${plain.join(' ')}\r\n`, 'latin1');
  }

  /** A request that is answered. */
  private answered(): Buffer {
    switch (this.below(10)) {
      case 0:
        return this.inline(this.command(this.below(2) === 0));
      case 1: {
        const container = this.one(ROWS.filter(({ subcommands }) => subcommands !== undefined)).name;
        return encodeCommand([container, this.bytes(30), this.key()]);
      }
      case 2:
        return encodeCommand([this.bytes(40), this.bytes(40), this.bytes(300)]);
      case 3:
        return Buffer.from(this.one(['\r\n', '*0\r\n', '*-1\r\n', '   \r\n', '\n']));
      case 4:
        return encodeCommand(Array.from({ length: 1 + this.below(2000) }, () => this.one(NUMBERS)));
      case 5:
      case 6:
      case 7:
        return encodeCommand(this.command(true));
      default:
        return encodeCommand(this.command(false));
    }
  }

  /** Any bytes, or a request in which a few bytes are others: nobody knows what the server does with it. */
  private garbled(): Buffer {
    if (this.below(2) === 0) return this.bytes(400);
    const bytes = encodeCommand(this.command(false));
    for (let i = this.below(4); i >= 0; i--) bytes[this.below(bytes.length)] = this.below(256);
    return bytes;
  }

  /** A message between processes, with fields that may or may not make sense; nothing that names a real member. */
  private internal(): Buffer {
    const name = `TOWLINE.${this.one(VERBS)}`;
    const txn = `fuzz-${this.below(4)}:${this.below(50)}`;
    const field = (): string | Buffer => {
      switch (this.below(6)) {
        case 0:
          return this.bytes(30);
        case 1:
          return this.key();
        case 2:
          return encodeCommand(this.command(false));
        case 3:
          return txn;
        default:
          return this.one(NUMBERS);
      }
    };
    const fields = Array.from({ length: this.below(9) }, field);
    return encodeCommand(this.below(3) === 0 ? [name, ...fields] : [name, txn, ...fields]);
  }

  /** What the next connection to a data node's own port sends: it begins as a router, a primary or a client. */
  toNode(group: string, ring: number): Script {
    const parts: Buffer[] = [
      this.one([
        () =>
          encodeCommand([
            'TOWLINE.LANE',
            `fuzz-${this.below(4)}`,
            this.below(9),
            0,
            this.one([0, ring, ring + 9]),
          ]),
        () => encodeCommand(['TOWLINE.CONTROL', `fuzz-${this.below(4)}`]),
        () => encodeCommand(['TOWLINE.REPLICATE', group, this.one(NUMBERS), 1, 'nobody']),
        () => this.internal(),
        () => this.answered(),
      ])(),
    ];
    for (let i = this.below(8); i > 0; i--) {
      const make = this.one([
        () => this.internal(),
        () => this.lock(ring),
        () => this.wellFormed(),
        () => this.answered(),
        () => this.garbled(),
        () => encodeCommand([`TOWLINE.${this.one(VERBS)}`, this.one(NUMBERS)]),
      ]);
      parts.push(make());
    }
    return {
      bytes: Buffer.concat(parts),
      requests: parts.length,
      end: this.one(['destroy', 'linger', 'half']),
    };
  }

  /** Locks that are granted, so that what follows meets them. */
  private lock(ring: number): Buffer {
    const txn = `fuzz-${this.below(4)}:${this.below(50)}`;
    const read = this.below(2) === 0 ? ['0'] : ['1', '0', '2', encodeCommand(this.command(false))];
    return encodeCommand([
      'TOWLINE.LOCKKEYS',
      txn,
      ring,
      0,
      1,
      0,
      1,
      this.below(20),
      1,
      1,
      this.key(),
      ...read,
      0,
      ...(this.below(3) === 0 ? [1, 1 + this.below(20), 1000, 2, this.below(16384), this.below(16384)] : [0]),
    ]);
  }

  /** Commands to be run aside, and effects, that have the right shape and nothing more. */
  private wellFormed(): Buffer {
    const txn = `fuzz-${this.below(4)}:${this.below(50)}`;
    const run = {
      db: this.below(16),
      proto: 2,
      command: encodeCommand(this.command(this.below(4) === 0)),
    } as const;
    const payload = this.below(2) === 0 ? null : this.bytes(20);
    if (this.below(2) === 0) {
      const part = this.one([undefined, 'gives', 'takes'] as const);
      const { command: effects } = run;
      return encodeAsk({ kind: 'prepare', txn, token: '1.1', participants: ['g1'], effects, part });
    }
    return encodeAsk({ kind: 'aside', txn, values: [{ db: run.db, key: this.key(), payload }], runs: [run] });
  }

  /** What the next connection sends to a router. */
  script(): Script {
    const parts: Buffer[] = [];
    for (let i = this.below(8); i > 0; i--) parts.push(this.answered());
    const kind = this.below(3);
    if (kind === 0) parts.push(Buffer.from(this.one(BREAKING)));
    else if (kind === 1) parts.push(this.garbled());
    else if (this.below(2) === 0) parts.push(Buffer.from(this.one(CUT)));
    else {
      const whole = this.answered();
      parts.push(whole.subarray(0, this.below(whole.length)));
    }
    const end = kind === 0 ? 'server' : this.one(['destroy', 'linger', 'half'] as const);
    return { bytes: Buffer.concat(parts), requests: parts.length, end };
  }
}
