import fc from 'fast-check';
import { expect, it } from 'vitest';
import { showing, WHOLE, zoomed } from './view.ts';

const SIZES = { width: 1_000, height: 600, seenWidth: 1_000, seenHeight: 600, mostZoom: 40 };
const factor = fc.double({ min: 0.2, max: 5, noNaN: true });
const at = fc.record({ x: fc.integer({ min: 0, max: 1_000 }), y: fc.integer({ min: 0, max: 600 }) });

it('whatever is zoomed, nothing outside the map is seen', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(factor, at), { maxLength: 20 }), (turns) => {
      let view = WHOLE;
      for (const [by, point] of turns) view = zoomed(view, by, point, SIZES);
      expect(view.zoom).toBeGreaterThanOrEqual(1);
      expect(view.zoom).toBeLessThanOrEqual(40);
      expect(view.x).toBeGreaterThanOrEqual(0);
      expect(view.x + 1_000 / view.zoom).toBeLessThanOrEqual(1_000.001);
      expect(view.y + 600 / view.zoom).toBeLessThanOrEqual(600.001);
    }),
  );
});

it('the point under the pointer stays under it', () => {
  const point = { x: 400, y: 300 };
  const view = zoomed(WHOLE, 3, point, SIZES);
  expect([(400 - view.x) * view.zoom, (300 - view.y) * view.zoom].map(Math.round)).toEqual([400, 300]);
});

it('the cell that the arrows come to is seen', () => {
  fc.assert(
    fc.property(factor, at, at, (by, point, cell) => {
      const size = 20;
      const square = { x: Math.min(cell.x, 1_000 - size), y: Math.min(cell.y, 600 - size), size };
      const view = showing(zoomed(WHOLE, by, point, SIZES), square, SIZES);
      expect(square.x).toBeGreaterThanOrEqual(view.x - 0.001);
      expect(square.x + size).toBeLessThanOrEqual(view.x + 1_000 / view.zoom + 0.001);
      expect(square.y + size).toBeLessThanOrEqual(view.y + 600 / view.zoom + 0.001);
    }),
  );
});
