// GEO commands: against redis-server, copies, payloads; and the cells of a search against looking at every point.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  cellsOf,
  distance,
  hashText,
  pointOf,
  type Shape,
  scoreOf,
  within,
} from '../../src/store/geohash.js';
import { testFamily } from './collections.js';
import { GEO_KEYS, geoCommand } from './geo-commands.js';

testFamily('points', GEO_KEYS, {
  command: geoCommand,
  // Distances as STOREDIST leaves them: the last digits depend on who computes the sines.
  normal: ([name], reply) =>
    name === 'ZRANGE'
      ? reply.replace(
          /\$\d+\r\n(\d+\.\d{6,})\r\n|,(\d+\.\d{6,})\r\n/g,
          (_, a, b) => `about ${Number(a ?? b).toPrecision(11)} `,
        )
      : reply,
});

const coordinate = (most: number) => fc.double({ min: -most, max: most, noNaN: true });
const point = fc.record({ lon: coordinate(180), lat: coordinate(85.05) });

test('a score names a cell of about half a metre around its point', () => {
  fc.assert(
    fc.property(point, (each) => {
      const there = pointOf(scoreOf(each));
      assert.ok(distance(each, there) < 1, `${distance(each, there)} m`);
      assert.equal(scoreOf(there), scoreOf(each));
    }),
    { seed: 51, numRuns: 2000 },
  );
});

test('what lies within a shape lies in one of its cells, away from the poles and the date line', () => {
  const inner = fc.record({ lon: coordinate(150), lat: coordinate(60) });
  const metres = fc.double({ min: 1, max: 500_000, noNaN: true });
  const radius = fc.option(metres, { nil: null });
  const offset = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(inner, radius, metres, metres, offset, offset, (center, r, width, height, east, north) => {
      const shape: Shape = { center, radius: r, width, height };
      const reach = (r ?? Math.max(width, height)) / 111_000;
      const near = { lon: center.lon + east * reach, lat: center.lat + north * reach };
      const score = scoreOf(near);
      if (within(shape, pointOf(score)) === null) return;
      assert.ok(cellsOf(shape).some(({ from, to }) => from <= score && score < to));
    }),
    { seed: 52, numRuns: 3000 },
  );
});

test('hashes are those of geohash.org, for places that everybody knows', () => {
  assert.equal(hashText({ lon: 13.361389, lat: 38.115556 }).slice(0, 10), 'sqc8b49rny');
  assert.equal(hashText({ lon: -5.6, lat: 42.6 }).slice(0, 5), 'ezs42');
});
