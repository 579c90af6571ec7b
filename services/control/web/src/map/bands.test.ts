import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ChunkMap } from '../shapes.ts';
import { bandsOf, type CellPlace, cellAt, chunkOf, cornerOf, countCauses, countCells, layOut, moved } from './bands.ts';

function mapOf(lengths: readonly number[]): Pick<ChunkMap, 'plans'> {
  return {
    plans: lengths.map((length, at) => ({
      ...{ tableId: `t${at}`, table: `s.t${at}`, level: 'carried', generation: 1, firstChunk: 0 },
      cells: Buffer.from(Uint8Array.from({ length }, (_, chunk) => chunk % 250)).toString('base64'),
      causes: [],
    })),
  };
}

const anyLayout = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 40 }),
    fc.integer({ min: 200, max: 2_000 }),
    fc.integer({ min: 200, max: 1_500 }),
  )
  .map(([lengths, width, height]) => ({ height, layout: layOut(bandsOf(mapOf(lengths)), width, height) }));

it('every cell has a place of its own, and all of them fit', () => {
  fc.assert(
    fc.property(anyLayout, fc.nat(), fc.nat(), ({ layout, height }, some, which) => {
      expect(layout.height).toBeLessThanOrEqual(height + 0.01);
      expect(layout.columns * layout.cellSize).toBeLessThanOrEqual(layout.width + 0.01);
      const band = some % layout.placed.length;
      const index = which % (layout.placed[band]?.band.cells.length ?? 1);
      const { x, y } = cornerOf(layout, { band, index });
      const half = layout.cellSize / 2;
      expect(cellAt(layout, x + half, y + half)).toEqual({ band, index });
    }),
  );
});

it('a million chunks fit on a screen, and so do two thousand tables', () => {
  const million = layOut(bandsOf(mapOf([1_000_000])), 1_200, 700);
  expect(million.height).toBeLessThanOrEqual(700.01);
  expect(million.cellSize).toBeGreaterThan(0.8);
  const tables = layOut(bandsOf(mapOf(new Array<number>(2_000).fill(50))), 1_200, 700);
  expect(tables.height).toBeLessThanOrEqual(700.01);
});

it('the arrows reach every cell, and stay where there is none', () => {
  const layout = layOut(bandsOf(mapOf([7, 1, 120, 3])), 220, 400);
  let place: CellPlace = { band: 0, index: 0 };
  for (let step = 1; step < 131; step++) {
    const next = moved(layout, place, 'ArrowRight');
    expect(moved(layout, next, 'ArrowLeft')).toEqual(place);
    place = next;
  }
  expect(place).toEqual({ band: 3, index: 2 });
  expect(moved(layout, place, 'ArrowRight')).toEqual(place);
  for (let step = 0; step < 40; step++) place = moved(layout, place, 'ArrowUp');
  expect(place.band).toBe(0);
});

it('generations of a table are one band, and a cell knows its chunk’s name', () => {
  const cells = (...bytes: number[]) => Buffer.from(bytes).toString('base64');
  const common = { tableId: 't', table: 's.t', level: 'full' as const, causes: [] };
  const [band] = bandsOf({
    plans: [
      { ...common, generation: 1, firstChunk: 0, cells: cells(22, 22, 17) },
      { ...common, generation: 2, firstChunk: 3, cells: cells(0, 1) },
    ],
  });
  expect(band === undefined ? [] : [0, 2, 3, 4].map((index) => chunkOf(band, index))).toEqual([
    ...['t/g1/0', 't/g1/2', 't/g2/3', 't/g2/4'],
  ]);
  const stages = ['planned', 'opened', 'unloaded', 'loaded', 'void', 'counted', 'verified'] as const;
  expect(countCells(band?.cells ?? new Uint8Array(), stages)).toEqual({ verified: 2, opened: 2, planned: 1 });
});

it('a cell knows what went wrong with its chunk last, whichever generation it is of', () => {
  const cells = Buffer.from([22, 22, 17]).toString('base64');
  const common = { tableId: 't', table: 's.t', level: 'full' as const, cells };
  const bands = bandsOf({
    plans: [
      { ...common, generation: 1, firstChunk: 0, causes: [{ cause: 1, chunks: [0, 2] }] },
      { ...common, generation: 2, firstChunk: 3, causes: [{ cause: 0, chunks: [4] }] },
      { ...common, tableId: 'u', generation: 1, firstChunk: 0, causes: [] },
    ],
  });
  expect(bands.map(({ causes }) => causes && [...causes])).toEqual([[2, 0, 2, 0, 1, 0], null]);
  expect(countCauses(bands, ['A', 'B', 'NOBODYS'])).toEqual([
    ['B', 2],
    ['A', 1],
  ]);
});
