// LCS: the longest common subsequence of two strings, by the usual table of lengths of prefixes.
import { Buffer } from 'node:buffer';
import { MAX_BULK, type Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { reject, SYNTAX } from './errors.js';
import type { Handlers } from './handler.js';
import { clampedArgument } from './integers.js';
import { viewOf } from './value.js';

/** cell(i, j): length for the first i bytes of a and the first j of b; (a + 1) x (b + 1) cells. */
function table(a: Buffer, b: Buffer): Uint32Array {
  const width = b.length + 1;
  const cells = new Uint32Array((a.length + 1) * width);
  for (let i = 1; i <= a.length; i++) {
    const byte = a[i - 1]!;
    const row = i * width;
    const above = row - width;
    for (let j = 1; j <= b.length; j++) {
      if (byte === b[j - 1]!) cells[row + j] = cells[above + j - 1]! + 1;
      else {
        const up = cells[above + j]!;
        const left = cells[row + j - 1]!;
        cells[row + j] = Math.max(up, left);
      }
    }
  }
  return cells;
}

/** A run of bytes equal in both strings: first and last index in each. */
interface Run {
  aFrom: number;
  aTo: number;
  bFrom: number;
  bTo: number;
}

/** Walks back from the end of the table; gives the common bytes and their runs, last run first. */
function trace(a: Buffer, b: Buffer, cells: Uint32Array): { common: Buffer; runs: Run[] } {
  const width = b.length + 1;
  const common = Buffer.alloc(cells[cells.length - 1]!);
  const runs: Run[] = [];
  let left = common.length;
  let run: Run | null = null;
  for (let i = a.length, j = b.length; i > 0 && j > 0; ) {
    if (a[i - 1] === b[j - 1]) {
      common[--left] = a[i - 1]!;
      if (run !== null && run.aFrom === i && run.bFrom === j) {
        run.aFrom = i - 1;
        run.bFrom = j - 1;
      } else runs.push((run = { aFrom: i - 1, aTo: i - 1, bFrom: j - 1, bTo: j - 1 }));
      i--;
      j--;
    } else if (cells[(i - 1) * width + j]! > cells[i * width + j - 1]!) i--;
    else j--;
  }
  return { common, runs };
}

function lcs(store: Access, request: Request, ctx: Context): void {
  const first = store.find(ctx, request.text(1));
  const second = store.find(ctx, request.text(2));
  if ((first !== undefined && !store.isString(first)) || (second !== undefined && !store.isString(second))) {
    reject('ERR The specified keys must contain string values');
  }
  let length = false;
  let indexes = false;
  let withLength = false;
  let least = 0;
  for (let i = 3; i < request.argc; i++) {
    if (request.is(i, 'idx')) indexes = true;
    else if (request.is(i, 'len')) length = true;
    else if (request.is(i, 'withmatchlen')) withLength = true;
    else if (request.is(i, 'minmatchlen') && i + 1 < request.argc) least = clampedArgument(request, ++i);
    else reject(SYNTAX);
  }
  if (indexes && length) reject('ERR If you want both the length and indexes, please just use IDX.');
  const a = viewOf(first?.value ?? '');
  const b = viewOf(second?.value ?? '');
  if ((a.length + 1) * (b.length + 1) * 4 > MAX_BULK) {
    reject('ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len');
  }
  const cells = table(a, b);
  const total = cells[cells.length - 1]!;
  if (length) ctx.reply.integer(total);
  else if (!indexes) ctx.reply.bulk(trace(a, b, cells).common);
  else {
    const size = (run: Run) => run.aTo - run.aFrom + 1;
    const runs = trace(a, b, cells).runs.filter((run) => size(run) >= least);
    ctx.reply.map(2);
    ctx.reply.bulk('matches');
    ctx.reply.array(runs.length);
    for (const run of runs) {
      ctx.reply.array(withLength ? 3 : 2);
      range(ctx, run.aFrom, run.aTo);
      range(ctx, run.bFrom, run.bTo);
      if (withLength) ctx.reply.integer(size(run));
    }
    ctx.reply.bulk('len');
    ctx.reply.integer(total);
  }
}

function range(ctx: Context, from: number, to: number): void {
  ctx.reply.array(2);
  ctx.reply.integer(from);
  ctx.reply.integer(to);
}

export const LCS: Handlers = { lcs };
