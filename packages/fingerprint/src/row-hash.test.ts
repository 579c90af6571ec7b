import type { Fingerprint } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addToFingerprint, combineFingerprints, emptyFingerprint, type HashColumn, halves, rowHash } from './index.ts';

const COLUMNS: HashColumn[] = [
  { position: 1, type: { kind: 'bigint' } },
  { position: 2, type: { kind: 'varchar', maxBytes: 100 } },
  { position: 3, type: { kind: 'double' } },
];
type Row = [string, string | null, string];

const row: fc.Arbitrary<Row> = fc.tuple(
  fc.integer({ min: -5, max: 5 }).map(String),
  fc.option(fc.string({ maxLength: 3 }), { nil: null }),
  fc.double().map(String),
);
const rows = fc.array(row, { minLength: 1, maxLength: 12 });

const fingerprint = (all: readonly Row[]): Fingerprint =>
  all.reduce((sum, each) => addToFingerprint(sum, [rowHash(COLUMNS, each, 'joined')]), emptyFingerprint(1));

describe('fingerprint', () => {
  it('does not depend on the order of the rows', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (all, turn) => {
        const at = turn % all.length;
        expect(fingerprint([...all.slice(at), ...all.slice(0, at).reverse()])).toEqual(fingerprint(all));
      }),
    );
  });

  it('of two sets together is the sum of theirs', () => {
    fc.assert(
      fc.property(rows, rows, (a, b) => {
        expect(fingerprint([...a, ...b])).toEqual(combineFingerprints(fingerprint(a), fingerprint(b)));
      }),
    );
  });

  it('changes with a missing row, a doubled row and an extra row', () => {
    fc.assert(
      fc.property(rows, row, (all, extra) => {
        const whole = fingerprint(all);
        expect(fingerprint(all.slice(1))).not.toEqual(whole);
        expect(fingerprint([...all, all[0] as Row])).not.toEqual(whole);
        expect(fingerprint([...all, extra])).not.toEqual(whole);
      }),
    );
  });

  it('changes with one value, even where the count stays', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const [key, text, ratio] = all[0] as Row;
        const changed: Row[] = [
          [String(BigInt(key) + 1n), text, ratio],
          [key, text === null ? '' : null, ratio],
          [key, `${text ?? ''} `, ratio],
        ];
        for (const other of changed) expect(fingerprint([other, ...all.slice(1)])).not.toEqual(fingerprint(all));
      }),
    );
  });

  it('changes when two rows swap a value', () => {
    fc.assert(
      fc.property(row, row, (a, b) => {
        fc.pre(a[1] !== b[1] && (a[0] !== b[0] || a[2] !== b[2]));
        // -0 and 0 are one value, NaN equals itself.
        fc.pre(a[0] !== b[0] || Number(a[2]) !== Number(b[2]));
        const swapped: Row[] = [
          [a[0], b[1], a[2]],
          [b[0], a[1], b[2]],
        ];
        if (a[0] === b[0] && Number.isNaN(Number(a[2])) && Number.isNaN(Number(b[2]))) return;
        expect(fingerprint(swapped)).not.toEqual(fingerprint([a, b]));
      }),
    );
  });

  it('takes digits 1-15 and 16-30, exactly', () => {
    // md5('abc'); as a JS number the first half would end in 000.
    expect(halves('900150983cd24fb0d6963f7d28e17f72')).toEqual({ h1: 648541476951500027n, h2: 0x0d6963f7d28e17fn });
  });

  it('refuses to combine different layouts', () => {
    expect(() => combineFingerprints(emptyFingerprint(1), emptyFingerprint(2))).toThrow(/groups/);
  });
});
