// What a workload has counted so far. Kinds of errors are names from the protocol or the system, so there are few of
// them; further ones are counted together.
import { Histogram } from './histogram.js';

const MAX_KINDS = 64;
/** Findings told in full; the others are only counted. */
const MAX_FINDINGS = 10;

/** A read that found something lost or wrong. */
export interface Finding {
  verdict: 'lost' | 'wrong';
  key: string;
  /** The beginning of what was read. */
  value: string | null;
  /** The least number that it could have carried. */
  least: number;
  /** The greatest number written so far. */
  greatest: number;
  /** Numbers of writes whose outcome was unknown. */
  unknown: number[];
}

/** Counts by kind, with a bound on the kinds. */
export type Kinds = Record<string, number>;

function count(kinds: Kinds, kind: string): void {
  const known = kind in kinds || Object.keys(kinds).length < MAX_KINDS;
  const name = known ? kind : 'other';
  kinds[name] = (kinds[name] ?? 0) + 1;
}

function total(kinds: Kinds): number {
  return Object.values(kinds).reduce((sum, n) => sum + n, 0);
}

/** The counts of one run. */
export class Tally {
  reads = 0;
  writes = 0;
  lost = 0;
  wrong = 0;
  /** Keys that nothing could be read from at the end. */
  unverified = 0;
  /** Keys read at the end. */
  verified = 0;
  /** Connections that went on at another router, and commands that were asked again there. */
  moves = 0;
  repeated = 0;
  /** Latencies since the last live line. */
  readonly recent = new Histogram();
  /** Latencies before that. */
  readonly earlier = new Histogram();
  readonly replyErrors: Kinds = {};
  readonly connectionErrors: Kinds = {};
  readonly connectionErrorsByRouter: Kinds = {};

  /** The first of what was lost or wrong. */
  readonly findings: Finding[] = [];

  /** A read that found something lost or wrong. */
  found(finding: Finding): void {
    this[finding.verdict]++;
    if (this.findings.length < MAX_FINDINGS) this.findings.push(finding);
  }

  /** An error reply, or no reply in time. */
  replyError(kind: string): void {
    count(this.replyErrors, kind);
  }

  /** A connection that was lost or could not be made. */
  connectionError(router: string, kind: string): void {
    count(this.connectionErrors, kind);
    count(this.connectionErrorsByRouter, router);
  }

  /** Everything that went wrong and is neither lost nor wrong. */
  get errors(): number {
    return total(this.replyErrors) + total(this.connectionErrors) + this.unverified;
  }
}
