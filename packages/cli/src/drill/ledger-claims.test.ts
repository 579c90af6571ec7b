import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { countReceipts, isSealed, isVerified, type LedgerFiles, readClaims } from './ledger-claims.ts';

const directory = mkdtempSync(join(tmpdir(), 'lakehaul-claims-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Keys under `r/`, each with its body and the second of its LastModified. */
function ledger(objects: Record<string, { atSecond: number; body?: object }>): LedgerFiles {
  const keys = Object.keys(objects);
  const pathOf = (key: string): string => join(directory, `${keys.indexOf(key)}.json`);
  for (const [key, { body }] of Object.entries(objects))
    writeFileSync(pathOf(key), JSON.stringify({ body: body ?? {} }));
  return {
    pathOf,
    list: (prefix) =>
      keys
        .filter((key) => key.startsWith(prefix))
        .map((key) => ({ key, lastModifiedMs: (objects[key]?.atSecond ?? 0) * 1_000 })),
  };
}

const receipt = (chunk: number, rest: string): string =>
  `r/chunks/0a/t-1/g1/${String(chunk).padStart(10, '0')}/${rest}.json`;
const UNLOAD = { step: 'unload' };

describe('claims of the ledger', () => {
  it('are those of the highest attempt: an old one’s proof is history', () => {
    const { chunks, receipts } = readClaims(
      ledger({
        [receipt(0, '00001.verified')]: { atSecond: 1 },
        [receipt(1, '00001.verified')]: { atSecond: 1 },
        [receipt(1, '00001.mismatched')]: { atSecond: 2 },
        [receipt(2, '00001.verified')]: { atSecond: 1 },
        [receipt(2, '00002.opened')]: { atSecond: 3 },
      }),
      'r',
    );
    expect([...chunks].map(([chunk, claim]) => [chunk, claim.attempt, isVerified(claim)])).toEqual([
      [0, 1, true],
      [1, 1, false],
      [2, 2, false],
    ]);
    expect(receipts).toBe(3);
  });

  it('tell an UNLOAD that was submitted although there was a receipt', () => {
    const files = ledger({
      [receipt(0, '00001.submit-1')]: { atSecond: 1, body: UNLOAD },
      [receipt(0, '00001.unloaded')]: { atSecond: 2 },
      // A load, and the UNLOAD of the next attempt: no repetition.
      [receipt(0, '00001.submit-2')]: { atSecond: 3, body: { step: 'load' } },
      [receipt(0, '00002.submit-1')]: { atSecond: 4, body: UNLOAD },
      [receipt(1, '00001.submit-1')]: { atSecond: 1, body: UNLOAD },
      [receipt(1, '00001.unloaded')]: { atSecond: 2 },
      [receipt(1, '00001.submit-2')]: { atSecond: 3, body: UNLOAD },
    });
    expect(readClaims(files, 'r')).toMatchObject({ unloadsSubmitted: 4, unloaded: 2, unloadsRepeated: 1 });
    expect(countReceipts(files, 'r')).toBe(2);
  });

  it('are sealed by the newest seal only, and only when it looked after the last receipt', () => {
    const seal = (observedAt: number, whole: boolean) => ({
      atSecond: observedAt,
      body: { isSealed: whole, observedAt: new Date(observedAt * 1_000).toISOString() },
    });
    const first = 'r/records/tables/t-1/seals/0000000001.json';
    const second = 'r/records/tables/t-1/seals/0000000002.json';
    const verified = { [receipt(0, '00001.verified')]: { atSecond: 5 } };
    expect(isSealed(ledger(verified), 'r')).toBe(false);
    expect(isSealed(ledger({ ...verified, [first]: seal(6, true) }), 'r')).toBe(true);
    expect(isSealed(ledger({ ...verified, [first]: seal(5, true) }), 'r')).toBe(false);
    expect(isSealed(ledger({ ...verified, [first]: seal(6, true), [second]: seal(7, false) }), 'r')).toBe(false);
  });
});
