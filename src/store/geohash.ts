// Points on the earth as sorted-set scores: 52 bits in which latitude and longitude alternate, and which of the cells
// that such bits name can hold what lies within a circle or a box (Redis's geohash: the grid reaches to 85.05112878
// degrees, where the web's map ends; distances are haversine on a sphere). Pure; knows no command.

/** Degrees of longitude and latitude. */
export interface Point {
  readonly lon: number;
  readonly lat: number;
}

/** What is searched, in metres around its centre: a circle by `radius`, or else a box. */
export interface Shape {
  readonly center: Point;
  readonly radius: number | null;
  readonly width: number;
  readonly height: number;
}

/** Scores [from, to) of a cell. */
export interface Cell {
  readonly from: number;
  readonly to: number;
}

/** Degrees from `min` to `max`. */
interface Span {
  readonly min: number;
  readonly max: number;
}

const LON: Span = { min: -180, max: 180 };
const LAT: Span = { min: -85.05112878, max: 85.05112878 };
/** What geohash.org's strings span. */
const WHOLE_LAT: Span = { min: -90, max: 90 };
/** Bits of each coordinate. */
const STEPS = 26;
const EARTH_RADIUS = 6372797.560856;
/** Half of the equator on the web's map, metres. */
const MERCATOR_MAX = 20037726.37;
const LETTERS = '0123456789bcdefghjkmnpqrstuvwxyz';

const radians = (degrees: number): number => degrees * (Math.PI / 180);
const degrees = (angle: number): number => angle / (Math.PI / 180);

/** Whether the grid has such a point. */
export function onGrid({ lon, lat }: Point): boolean {
  return lon >= LON.min && lon <= LON.max && lat >= LAT.min && lat <= LAT.max;
}

/** A cell of the grid: column and row, with so many bits of each. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly steps: number;
}

/** The cell that holds a point. At the far edge the number has one bit more, as in Redis. */
function placeOf({ lon, lat }: Point, steps: number, lats = LAT): Place {
  const scale = 2 ** steps;
  return {
    x: Math.floor(((lon - LON.min) / (LON.max - LON.min)) * scale),
    y: Math.floor(((lat - lats.min) / (lats.max - lats.min)) * scale),
    steps,
  };
}

/** Spreads 32 bits over the even ones of 64. */
function spread(n: number): bigint {
  let bits = BigInt(n >>> 0);
  bits = (bits | (bits << 16n)) & 0x0000ffff0000ffffn;
  bits = (bits | (bits << 8n)) & 0x00ff00ff00ff00ffn;
  bits = (bits | (bits << 4n)) & 0x0f0f0f0f0f0f0f0fn;
  bits = (bits | (bits << 2n)) & 0x3333333333333333n;
  return (bits | (bits << 1n)) & 0x5555555555555555n;
}

/** The even bits of 64, together. */
function gather(n: bigint): number {
  let bits = n & 0x5555555555555555n;
  bits = (bits | (bits >> 1n)) & 0x3333333333333333n;
  bits = (bits | (bits >> 2n)) & 0x0f0f0f0f0f0f0f0fn;
  bits = (bits | (bits >> 4n)) & 0x00ff00ff00ff00ffn;
  bits = (bits | (bits >> 8n)) & 0x0000ffff0000ffffn;
  return Number((bits | (bits >> 16n)) & 0x00000000ffffffffn);
}

/** Latitude in the even bits, longitude in the odd ones. */
const bitsOf = ({ x, y }: Place): bigint => spread(y) | (spread(x) << 1n);

const spanOf = (at: number, steps: number, { min, max }: Span): Span => ({
  min: min + (at / 2 ** steps) * (max - min),
  max: min + ((at + 1) / 2 ** steps) * (max - min),
});

/** The score of a point. */
export function scoreOf(point: Point): number {
  return Number(bitsOf(placeOf(point, STEPS)));
}

const middle = ({ min, max }: Span, { min: least, max: most }: Span): number =>
  Math.min(most, Math.max(least, (min + max) / 2));

/** The point in the middle of the cell that a score names. Any score names one: its fraction is cut off. */
export function pointOf(score: number): Point {
  const bits = Number.isFinite(score) ? BigInt.asUintN(64, BigInt(Math.trunc(score))) : 0n;
  return {
    lon: middle(spanOf(gather(bits >> 1n), STEPS, LON), LON),
    lat: middle(spanOf(gather(bits), STEPS, LAT), LAT),
  };
}

/** The string of geohash.org, 11 letters, of which the last one is always 0: there are 52 bits only. */
export function hashText(point: Point): string {
  const bits = bitsOf(placeOf(point, STEPS, WHOLE_LAT));
  let text = '';
  for (let i = 1n; i <= 10n; i++) text += LETTERS[Number((bits >> (52n - 5n * i)) & 31n)];
  return `${text}0`;
}

/** Metres between two points (haversine). */
export function distance(a: Point, b: Point): number {
  const v = Math.sin((radians(b.lon) - radians(a.lon)) / 2);
  if (v === 0) return latDistance(a.lat, b.lat);
  const [lat1, lat2] = [radians(a.lat), radians(b.lat)];
  const u = Math.sin((lat2 - lat1) / 2);
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(u * u + Math.cos(lat1) * Math.cos(lat2) * v * v));
}

const latDistance = (a: number, b: number): number => EARTH_RADIUS * Math.abs(radians(b) - radians(a));

/** Metres from the centre of the shape to a point; null: it lies outside. */
export function within({ center, radius, width, height }: Shape, point: Point): number | null {
  if (radius !== null) {
    const far = distance(center, point);
    return far <= radius ? far : null;
  }
  if (latDistance(point.lat, center.lat) > height / 2) return null;
  if (distance(point, { lon: center.lon, lat: point.lat }) > width / 2) return null;
  return distance(center, point);
}

// ---- cells

/** Bits of cells so large that nine of them cover a circle of so many metres, in most cases. */
function stepsFor(metres: number, lat: number): number {
  if (metres === 0) return STEPS;
  let steps = -1;
  for (let reach = metres; reach < MERCATOR_MAX; reach *= 2) steps++;
  // Cells are narrower towards the poles.
  if (lat > 66 || lat < -66) steps -= lat > 80 || lat < -80 ? 2 : 1;
  return Math.min(STEPS, Math.max(1, steps));
}

/** Degrees that the shape spans. Wider on the side that is nearer to a pole. */
function boundsOf({ center, radius, width, height }: Shape): { lon: Span; lat: Span } {
  const up = degrees((radius ?? height / 2) / EARTH_RADIUS);
  const nearer = center.lat < 0 ? center.lat - up : center.lat + up;
  const aside = degrees((radius ?? width / 2) / EARTH_RADIUS / Math.cos(radians(nearer)));
  return {
    lon: { min: center.lon - aside, max: center.lon + aside },
    lat: { min: center.lat - up, max: center.lat + up },
  };
}

/** The cell so many columns and rows further, around the edges. A coordinate that does not move stays as it is. */
function moved({ x, y, steps }: Place, columns: number, rows: number): Place {
  const size = 2 ** steps;
  return {
    x: columns === 0 ? x : (x + columns + size) % size,
    y: rows === 0 ? y : (y + rows + size) % size,
    steps,
  };
}

/** In which order Redis looks at them: the cell itself, north, south, east, west, and the corners. */
const AROUND: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
];

/** Scores among which everything within the shape is to be found, in the order in which Redis looks at them. */
export function cellsOf(shape: Shape): Cell[] {
  const { center, radius, width, height } = shape;
  const bounds = boundsOf(shape);
  const reach = radius ?? Math.sqrt((width / 2) ** 2 + (height / 2) ** 2);
  let steps = stepsFor(reach, center.lat);
  let place = placeOf(center, steps);
  const lonOf = (at: Place) => spanOf(at.x, at.steps, LON);
  const latOf = (at: Place) => spanOf(at.y, at.steps, LAT);
  const short =
    latOf(moved(place, 0, 1)).max < bounds.lat.max ||
    latOf(moved(place, 0, -1)).min > bounds.lat.min ||
    lonOf(moved(place, 1, 0)).max < bounds.lon.max ||
    lonOf(moved(place, -1, 0)).min > bounds.lon.min;
  if (steps > 1 && short) place = placeOf(center, --steps);
  const [lon, lat] = [lonOf(place), latOf(place)];
  const useless = (columns: number, rows: number): boolean =>
    steps >= 2 &&
    ((rows < 0 && lat.min < bounds.lat.min) ||
      (rows > 0 && lat.max > bounds.lat.max) ||
      (columns < 0 && lon.min < bounds.lon.min) ||
      (columns > 0 && lon.max > bounds.lon.max));
  const cells: Cell[] = [];
  const unit = 2 ** (2 * (STEPS - steps));
  for (const [columns, rows] of AROUND) {
    if (useless(columns, rows)) continue;
    const from = Number(bitsOf(moved(place, columns, rows))) * unit;
    // Around a small world the same cell is met twice.
    if (cells.at(-1)?.from !== from) cells.push({ from, to: from + unit });
  }
  return cells;
}
