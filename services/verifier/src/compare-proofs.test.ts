import type { ColumnPlan, ProofBody } from '@lakehaul/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proofDifferences, roundingDifferences } from './compare-proofs.ts';

const fingerprint = { rowCount: '3', groups: [{ sum1: '100', sum2: '200' }] };
const proof: ProofBody = {
  level: 'full',
  hashForm: 'joined',
  targetVersion: '7',
  rowCounts: { transaction: '3', manifest: '3', load: '3', target: '3' },
  carried: fingerprint,
  source: fingerprint,
  target: fingerprint,
};
const none = { rowCount: '0', groups: [] };
const noRows = { transaction: '0', manifest: '0', load: '0', target: '0' };

describe('what makes a proof', () => {
  it('is that every count and every hash agrees', () => {
    expect(proofDifferences(proof)).toEqual([]);
    expect(proofDifferences({ ...proof, level: 'carried', source: null })).toEqual([]);
    expect(proofDifferences({ ...proof, level: 'count', carried: null, source: null, target: null })).toEqual([]);
  });

  it('holds for no rows, with sums of zero or none at all', () => {
    const zero = { rowCount: '0', groups: [{ sum1: '0', sum2: '0' }] };
    expect(proofDifferences({ ...proof, rowCounts: noRows, carried: none, source: zero, target: zero })).toEqual([]);
  });

  it.each(['transaction', 'manifest', 'load', 'target'] as const)('fails when the %s count alone differs', (name) => {
    expect(proofDifferences({ ...proof, rowCounts: { ...proof.rowCounts, [name]: '4' } })).not.toEqual([]);
    expect(proofDifferences({ ...proof, level: 'count', rowCounts: { ...proof.rowCounts, [name]: '' } })).not.toEqual(
      [],
    );
  });

  it.each(['carried', 'source', 'target'] as const)('fails when one sum of %s differs or is missing', (name) => {
    const changed = { rowCount: '3', groups: [{ sum1: '100', sum2: '201' }] };
    expect(proofDifferences({ ...proof, [name]: changed })).not.toEqual([]);
    expect(proofDifferences({ ...proof, [name]: { rowCount: '3', groups: [] } })).not.toEqual([]);
    expect(proofDifferences({ ...proof, [name]: null })).not.toEqual([]);
  });

  it('counts are compared as text of any size, never as numbers', () => {
    const big = {
      transaction: '9007199254740993',
      manifest: '9007199254740993',
      load: '9007199254740993',
      target: '9007199254740992',
    };
    expect(proofDifferences({ ...proof, rowCounts: big })).not.toEqual([]);
    // Where nothing but the counts could tell.
    const counted = { ...proof, level: 'count', carried: null, source: null, target: null } as const;
    expect(proofDifferences({ ...counted, rowCounts: big })).not.toEqual([]);
    expect(proofDifferences({ ...counted, rowCounts: { ...big, target: big.load } })).toEqual([]);
  });

  it('a wide table that carries fewer groups needs the second scan', () => {
    const two = {
      rowCount: '3',
      groups: [
        { sum1: '100', sum2: '200' },
        { sum1: '5', sum2: '6' },
      ],
    };
    expect(proofDifferences({ ...proof, source: two, target: two })).toEqual([]);
    expect(proofDifferences({ ...proof, level: 'carried', source: null, target: two })).not.toEqual([]);
    const other = {
      rowCount: '3',
      groups: [
        { sum1: '100', sum2: '200' },
        { sum1: '5', sum2: '7' },
      ],
    };
    expect(proofDifferences({ ...proof, source: two, target: other })).not.toEqual([]);
  });

  it('no rows here and rows there is never a proof', () => {
    expect(
      proofDifferences({ ...proof, rowCounts: noRows, carried: none, source: fingerprint, target: none }),
    ).not.toEqual([]);
    expect(
      proofDifferences({
        ...proof,
        rowCounts: noRows,
        carried: none,
        source: none,
        target: { rowCount: '0', groups: [{ sum1: '1', sum2: '0' }] },
      }),
    ).not.toEqual([]);
  });

  it('any single change of any number anywhere in the proof is seen', () => {
    const digits = fc.bigInt({ min: 1n, max: 10n ** 36n });
    fc.assert(
      fc.property(digits, fc.integer({ min: 0, max: 8 }), (by, place) => {
        const changed = structuredClone({
          ...proof,
          carried: structuredClone(fingerprint),
          source: structuredClone(fingerprint),
          target: structuredClone(fingerprint),
        });
        const bump = (text: string | undefined) => (BigInt(text ?? '0') + by).toString();
        const prints = [changed.carried, changed.source, changed.target];
        const print = prints[place % 3];
        const group = print?.groups[0];
        if (print === undefined || group === undefined) return false;
        if (place < 3) print.rowCount = bump(print.rowCount);
        else if (place < 6) group.sum1 = bump(group.sum1);
        else group.sum2 = bump(group.sum2);
        return proofDifferences(changed).length > 0;
      }),
    );
  });

  it('holds the target against the parsed JSON, and the source against what travelled (VARIANT)', () => {
    const parsed = [{ sum1: '70', sum2: '80' }];
    const carried = { ...fingerprint, parsed };
    const target = { rowCount: '3', groups: parsed };
    expect(proofDifferences({ ...proof, carried, target })).toEqual([]);
    expect(proofDifferences({ ...proof, level: 'carried', source: null, carried, target })).toEqual([]);
    // The text's own sums prove nothing about a VARIANT, in either direction.
    expect(proofDifferences({ ...proof, carried, target: fingerprint })).not.toEqual([]);
    expect(proofDifferences({ ...proof, carried: fingerprint, target })).not.toEqual([]);
    expect(proofDifferences({ ...proof, carried, target, source: target })).not.toEqual([]);
    for (const changed of [
      { sum1: '71', sum2: '80' },
      { sum1: '70', sum2: '81' },
    ])
      expect(proofDifferences({ ...proof, carried, target: { rowCount: '3', groups: [changed] } })).not.toEqual([]);
    const other = { rowCount: '3', groups: [{ sum1: '9', sum2: '9' }] };
    expect(proofDifferences({ ...proof, carried, target, source: other })).not.toEqual([]);
    expect(proofDifferences({ ...proof, carried: { ...carried, parsed: [] }, target })).not.toEqual([]);
    expect(proofDifferences({ ...proof, carried: { ...carried, rowCount: '4' }, target })).not.toEqual([]);
  });

  it('proves the groups beyond the parsed ones by the second scan', () => {
    const second = { sum1: '5', sum2: '6' };
    const carried = { ...fingerprint, parsed: [{ sum1: '70', sum2: '80' }] };
    const target = { rowCount: '3', groups: [{ sum1: '70', sum2: '80' }, second] };
    const source = { rowCount: '3', groups: [...fingerprint.groups, second] };
    expect(proofDifferences({ ...proof, carried, target, source })).toEqual([]);
    expect(proofDifferences({ ...proof, level: 'carried', carried, target, source: null })).not.toEqual([]);
    const changed = {
      rowCount: '3',
      groups: [
        { sum1: '70', sum2: '80' },
        { sum1: '5', sum2: '7' },
      ],
    };
    expect(proofDifferences({ ...proof, carried, target: changed, source })).not.toEqual([]);
  });
});

describe('numbers that both sides of the proof rounded alike', () => {
  const column = (loss: ColumnPlan['loss'], excluded = false) =>
    ({
      source: { name: 'doc', type: { kind: 'super' } },
      target: { name: 'doc', type: { kind: 'VARIANT' }, nullable: true },
      loss,
      excluded,
    }) as ColumnPlan;
  const counted = (rounded: string, outOfRange = '0', name = 'doc') => ({
    carried: { ...fingerprint, parsed: [{ sum1: '7', sum2: '8' }], inexact: [{ column: name, rounded, outOfRange }] },
  });
  const of = (body: Pick<ProofBody, 'carried'>, loss: ColumnPlan['loss'], ...acknowledgements: string[]) =>
    roundingDifferences(body, { columns: [column(loss)], acknowledgements });

  it('are a difference until somebody said of that column that they may be', () => {
    expect(of(counted('0'), 'parsed', 'loss:doc')).toEqual([]);
    // The loss that was acknowledged was another one: the plan had found no such number.
    expect(of(counted('1'), 'parsed', 'loss:doc')).toEqual([
      expect.stringMatching(/doc: 1 rows hold a number that VARIANT rounds/),
    ]);
    expect(of(counted('1'), 'parsed', 'loss:doc', 'rounding:other')).toHaveLength(1);
    expect(of(counted('1'), 'parsed', 'loss:doc', 'rounding:doc')).toEqual([]);
    expect(of(counted('1'), 'lossy', 'loss:doc')).toEqual([]);
    expect(of(counted('1'), 'lossy')).toHaveLength(1);
  });

  it('that are out of range can be acknowledged by nobody', () => {
    expect(of(counted('0', '2'), 'lossy', 'loss:doc', 'rounding:doc')).toEqual([
      expect.stringMatching(/2 rows.*10\^300/),
    ]);
  });

  it('that nobody counted are a difference; without rows and without VARIANT there are none', () => {
    expect(of({ carried: { ...fingerprint, parsed: fingerprint.groups } }, 'parsed', 'rounding:doc')).toHaveLength(1);
    expect(of(counted('0', '0', 'other'), 'parsed', 'rounding:doc')).toHaveLength(1);
    expect(of({ carried: none }, 'parsed', 'loss:doc')).toEqual([]);
    expect(of({ carried: null }, 'parsed', 'loss:doc')).toEqual([]);
    const excluded = { columns: [column('parsed', true)], acknowledgements: [] };
    expect(roundingDifferences({ carried: fingerprint }, excluded)).toEqual([]);
  });
});
