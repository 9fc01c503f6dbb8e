// GEO commands: sorted sets whose scores are cells of the earth's surface (geohash.ts), and searches in them.
import { ZSET_EVENT } from '../command/index.js';
import type { Request } from '../resp/index.js';
import type { Access } from './access.js';
import type { Context } from './context.js';
import { ZSET } from './entry.js';
import { reject, SYNTAX } from './errors.js';
import {
  cellsOf,
  distance,
  hashText,
  onGrid,
  type Point,
  pointOf,
  type Shape,
  scoreOf,
  within,
} from './geohash.js';
import type { Handler, Handlers } from './handler.js';
import { integerArgument } from './integers.js';
import { storeResult } from './set-several.js';
import { addAll, findSorted } from './zset.js';
import { scoreArgument } from './zset-scores.js';
import { SortedSet } from './zset-value.js';

/** Metres in each unit. */
const UNITS: readonly (readonly [string, number])[] = [
  ['m', 1],
  ['km', 1000],
  ['ft', 0.3048],
  ['mi', 1609.34],
];

/** @throws ReplyError */
function unitArgument(request: Request, i: number): number {
  const unit = UNITS.find(([name]) => request.is(i, name));
  return unit?.[1] ?? reject('ERR unsupported unit provided. please use M, KM, FT, MI');
}

/** As C's `%.Nf` prints it. */
function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  const size = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  // From there on toFixed() gives an exponent, and there is no fraction.
  if (size >= 1e21) return `${sign}${BigInt(size)}.${'0'.repeat(digits)}`;
  const text = size.toFixed(digits);
  // Half way between two: C takes the even one, toFixed() the larger one.
  const half = (size * 2 ** (digits + 1)) % 1 === 0 && size.toFixed(digits + 1).endsWith('5');
  return sign + (half && Number(text.at(-1)) % 2 === 1 ? size.toFixed(digits + 1).slice(0, -1) : text);
}

/** What C makes of a double as a 64-bit integer. */
const wholePart = (score: number): bigint =>
  Math.abs(score) < 2 ** 63 ? BigInt(Math.trunc(score)) : -(2n ** 63n);

/** Arguments i and i + 1 as longitude and latitude. @throws ReplyError */
function pointArgument(request: Request, i: number): Point {
  const point = { lon: scoreArgument(request, i), lat: scoreArgument(request, i + 1) };
  if (!onGrid(point)) {
    reject(`ERR invalid longitude,latitude pair ${fixed(point.lon, 6)},${fixed(point.lat, 6)}`);
  }
  return point;
}

function geoadd(store: Access, request: Request, ctx: Context): void {
  const options = { nx: false, xx: false, ch: false, incr: false, gt: false, lt: false };
  let at = 2;
  for (; at < request.argc; at++) {
    const word = (['nx', 'xx', 'ch'] as const).find((each) => request.is(at, each));
    if (word === undefined) break;
    options[word] = true;
  }
  if ((request.argc - at) % 3 !== 0 || (options.nx && options.xx)) reject(SYNTAX);
  const scores: number[] = [];
  for (let i = at; i < request.argc; i += 3) scores.push(scoreOf(pointArgument(request, i)));
  addAll(store, request, ctx, { from: at + 2, step: 3 }, scores, options);
}

/** As `%.17Lf` prints a double, without the zeros at its end. */
function coordinate(value: number): string {
  return value.toFixed(17).replace(/\.?0+$/, '');
}

function replyPoint(ctx: Context, { lon, lat }: Point): void {
  ctx.reply.array(2);
  ctx.reply.double(coordinate(lon));
  ctx.reply.double(coordinate(lat));
}

function geopos(store: Access, request: Request, ctx: Context): void {
  const value = findSorted(store, ctx, request.text(1))?.value;
  ctx.reply.array(request.argc - 2);
  for (let i = 2; i < request.argc; i++) {
    const score = value?.score(request.text(i));
    if (score === undefined) ctx.reply.nilArray();
    else replyPoint(ctx, pointOf(score));
  }
}

function geohash(store: Access, request: Request, ctx: Context): void {
  const value = findSorted(store, ctx, request.text(1))?.value;
  ctx.reply.array(request.argc - 2);
  for (let i = 2; i < request.argc; i++) {
    const score = value?.score(request.text(i));
    if (score === undefined) ctx.reply.nil();
    else ctx.reply.bulk(hashText(pointOf(score)));
  }
}

function geodist(store: Access, request: Request, ctx: Context): void {
  const unit = request.argc === 5 ? unitArgument(request, 4) : 1;
  if (request.argc > 5) reject(SYNTAX);
  const value = findSorted(store, ctx, request.text(1))?.value;
  const [one, other] = [value?.score(request.text(2)), value?.score(request.text(3))];
  if (one === undefined || other === undefined) ctx.reply.nil();
  else ctx.reply.bulk(fixed(distance(pointOf(one), pointOf(other)) / unit, 4));
}

// ---- searches

/** Which command a search is: where its centre is named, and what it may do with the result. */
interface Form {
  readonly center: 'coordinates' | 'member' | 'options';
  readonly store: 'never' | 'option' | 'always';
}

interface Found {
  readonly member: string;
  readonly score: number;
  readonly metres: number;
}

interface Query {
  /** Null of a member when its key does not exist. */
  center: Point | null;
  /** What options said about the centre. */
  from: 'member' | 'point' | null;
  size: { unit: number; radius: number | null; width: number; height: number } | null;
  dist: boolean;
  hash: boolean;
  coord: boolean;
  any: boolean;
  order: -1 | 0 | 1;
  /** 0: all. */
  count: number;
  /** Argument that names the key to store at; 0: none. */
  target: number;
  targetDistances: boolean;
}

const NOT_DECODED = 'ERR could not decode requested zset member';

/** Arguments i and i + 1: a radius and its unit. @throws ReplyError */
function radiusArgument(request: Request, i: number): NonNullable<Query['size']> {
  const radius = scoreArgument(request, i, 'ERR need numeric radius');
  if (radius < 0) reject('ERR radius cannot be negative');
  return { unit: unitArgument(request, i + 1), radius, width: 0, height: 0 };
}

/** Arguments i to i + 2: width, height and their unit. @throws ReplyError */
function boxArgument(request: Request, i: number): NonNullable<Query['size']> {
  const width = scoreArgument(request, i, 'ERR need numeric width');
  const height = scoreArgument(request, i + 1, 'ERR need numeric height');
  if (height < 0 || width < 0) reject('ERR height or width cannot be negative');
  return { unit: unitArgument(request, i + 2), radius: null, width, height };
}

/** @throws ReplyError */
function queryOf(request: Request, { center, store }: Form, value: SortedSet | undefined): Query {
  const query: Query = {
    center: null,
    from: null,
    size: null,
    dist: false,
    hash: false,
    coord: false,
    any: false,
    order: 0,
    count: 0,
    target: store === 'always' ? 1 : 0,
    targetDistances: false,
  };
  const memberAt = (i: number): Point | null => {
    if (value === undefined) return null;
    const score = value.score(request.text(i));
    return score === undefined ? reject(NOT_DECODED) : pointOf(score);
  };
  let i = store === 'always' ? 3 : 2;
  if (center === 'coordinates') {
    query.center = pointArgument(request, 2);
    query.size = radiusArgument(request, 4);
    i = 6;
  } else if (center === 'member') {
    query.center = memberAt(2);
    // Of a key that does not exist even the radius is not looked at.
    if (value !== undefined) query.size = radiusArgument(request, 3);
    i = 5;
  }
  const named = center === 'options';
  for (; i < request.argc; i++) {
    const left = request.argc - i - 1;
    if (request.is(i, 'withdist')) query.dist = true;
    else if (request.is(i, 'withhash')) query.hash = true;
    else if (request.is(i, 'withcoord')) query.coord = true;
    else if (request.is(i, 'any')) query.any = true;
    else if (request.is(i, 'asc')) query.order = 1;
    else if (request.is(i, 'desc')) query.order = -1;
    else if (request.is(i, 'count') && left >= 1) {
      query.count = Number(integerArgument(request, ++i));
      if (query.count <= 0) reject('ERR COUNT must be > 0');
    } else if (store === 'option' && left >= 1 && request.is(i, 'store')) {
      query.target = ++i;
      query.targetDistances = false;
    } else if (store === 'option' && left >= 1 && request.is(i, 'storedist')) {
      query.target = ++i;
      query.targetDistances = true;
    } else if (store === 'always' && request.is(i, 'storedist')) query.targetDistances = true;
    else if (named && left >= 1 && request.is(i, 'frommember') && query.from !== 'point') {
      query.center = memberAt(++i);
      query.from = 'member';
    } else if (named && left >= 2 && request.is(i, 'fromlonlat') && query.from !== 'member') {
      query.center = pointArgument(request, i + 1);
      query.from = 'point';
      i += 2;
    } else if (named && left >= 2 && request.is(i, 'byradius') && query.size?.radius !== null) {
      query.size = radiusArgument(request, i + 1);
      i += 2;
    } else if (named && left >= 3 && request.is(i, 'bybox') && typeof query.size?.radius !== 'number') {
      query.size = boxArgument(request, i + 1);
      i += 3;
    } else reject(SYNTAX);
  }
  vet(request, named, store, query);
  return query;
}

/** @throws ReplyError when options contradict each other */
function vet(request: Request, named: boolean, store: Form['store'], query: Query): void {
  const { dist, hash, coord, any, count, target, from, size } = query;
  if (target > 0 && (dist || hash || coord)) {
    const what = store === 'always' ? 'GEOSEARCHSTORE' : 'STORE option in GEORADIUS';
    reject(`ERR ${what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`);
  }
  const name = request.text(0);
  if (named && from === null) {
    reject(`ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${name}`);
  }
  if (named && size === null) reject(`ERR exactly one of BYRADIUS and BYBOX can be specified for ${name}`);
  if (any && count === 0) reject('ERR the ANY argument requires COUNT argument');
}

/** Members within the shape, cell by cell; `most` ends it early, 0: it does not. */
function search(value: SortedSet, shape: Shape, most: number): Found[] {
  const found: Found[] = [];
  for (const { from, to } of cellsOf(shape)) {
    if (most > 0 && found.length >= most) break;
    const first = value.countWhile((score) => score < from);
    const count = value.countWhile((score) => score < to) - first;
    value.forEach(first, count, false, (member, score) => {
      if (most > 0 && found.length >= most) return;
      const metres = within(shape, pointOf(score));
      if (metres !== null) found.push({ member, score, metres });
    });
  }
  return found;
}

function searching(form: Form): Handler {
  const name = form.store === 'always' ? 'geosearchstore' : 'georadiusstore';
  const event = { kind: ZSET_EVENT, name };
  return (store, request, ctx) => {
    ctx.reads = true;
    const value = findSorted(store, ctx, request.text(form.store === 'always' ? 2 : 1))?.value;
    const query = queryOf(request, form, value);
    const { center, size, any, count, target } = query;
    let found: Found[] = [];
    const unit = size?.unit ?? 1;
    if (value !== undefined) {
      const { radius, width, height } = size!;
      const shape: Shape = {
        center: center!,
        radius: radius === null ? null : radius * unit,
        width: width * unit,
        height: height * unit,
      };
      found = search(value, shape, any ? count : 0);
      // The nearest ones, unless any will do.
      const order = query.order === 0 && count > 0 && !any ? 1 : query.order;
      if (order !== 0) found.sort((a, b) => order * (a.metres - b.metres));
      if (count > 0) found = found.slice(0, count);
    }
    if (target === 0) return answer(ctx, query, found, unit);
    const stored = new SortedSet();
    stored.compact = false;
    for (const { member, score, metres } of found)
      stored.set(member, query.targetDistances ? metres / unit : score);
    storeResult(store, request, ctx, ZSET, stored.packed(), event, target);
  };
}

function answer(ctx: Context, { dist, hash, coord }: Query, found: readonly Found[], unit: number): void {
  const { reply } = ctx;
  const more = Number(dist) + Number(hash) + Number(coord);
  reply.array(found.length);
  for (const { member, score, metres } of found) {
    if (more > 0) reply.array(1 + more);
    reply.bulk(member);
    if (dist) reply.bulk(fixed(metres / unit, 4));
    if (hash) reply.integer(wholePart(score));
    if (coord) replyPoint(ctx, pointOf(score));
  }
}

export const GEO: Handlers = {
  geoadd,
  geopos,
  geohash,
  geodist,
  geosearch: searching({ center: 'options', store: 'never' }),
  geosearchstore: searching({ center: 'options', store: 'always' }),
  georadius: searching({ center: 'coordinates', store: 'option' }),
  georadius_ro: searching({ center: 'coordinates', store: 'never' }),
  georadiusbymember: searching({ center: 'member', store: 'option' }),
  georadiusbymember_ro: searching({ center: 'member', store: 'never' }),
};
