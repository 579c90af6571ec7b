import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicKeysOf, storeSource } from '@lakehaul/audit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { escapeHtml, html } from '../../packages/cli/src/report/html.ts';
import { writeReport } from '../../packages/cli/src/report/write-report.ts';
import { chunksOf, range, writeHonestLedger } from '../support/honest-ledger.ts';
import { LedgerWorld, MIGRATION, tablePlan } from '../support/ledger-world.ts';
import { newNotary } from '../support/notary.ts';

const HOSTILE = `x</td><script>alert(1)</script>"'&\u202e\u0007`;

describe('the report', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lakehaul-report-'));
  const notary = newNotary(new LedgerWorld());
  let page = '';
  let json: Record<string, unknown> & {
    chunks: Record<string, unknown>[];
    tables: { rows: string; tableId: string }[];
  };

  beforeAll(async () => {
    await writeHonestLedger(notary);
    const plan = tablePlan(2, {
      tableId: 'hostile-1',
      source: { database: 'dev', schema: HOSTILE, table: HOSTILE, oid: '1', columnListHash: '' },
    });
    await notary.ledger.writePlan(plan, chunksOf(plan, [range(null, null), [{ kind: 'null', column: 'k' }]], null));
    await notary.ledger.writeRecord('not-moved', {
      schemaVersion: 1,
      notMoved: [{ kind: 'view', name: HOSTILE, detail: HOSTILE }],
    });
    await writeReport({
      source: await storeSource(notary.world.store, notary.ledger.keys, MIGRATION),
      trust: { publicKeys: publicKeysOf(notary.signer.publicKeyPem, 'test'), anchors: notary.anchors },
      decision: {
        evidence: 'FAIL',
        verdict: 'HOLD',
        reasons: [{ code: 'CHUNKS_QUARANTINED', reason: HOSTILE, next: 'look' }],
      },
      directory,
      madeAt: '2026-01-02T00:00:00.000Z',
      version: '0',
      onProgress: () => undefined,
    });
    page = readFileSync(join(directory, 'report.html'), 'utf8');
    json = JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('has every chunk in the JSON, with rows, sums, causes and snapshots', () => {
    expect(json.chunks).toHaveLength(9);
    expect(json.tables.find((table) => table.tableId.startsWith('public-events'))?.rows).toBe('226');
    const repaired = json.chunks.find((chunk) => chunk['chunk'] === 1 && chunk['attempt'] === 2);
    expect(repaired).toMatchObject({
      stage: 'verified',
      rows: '50',
      level: 'full',
      repairs: [{ attempt: 2, cause: 'mismatched' }],
    });
    expect(json['audit']).toMatchObject({ isClean: true });
  });

  it('tells on the page what was repaired and why, what waits, and how to check it', () => {
    for (const text of [
      'because of mismatched',
      'because of void',
      'because of late-rows',
      'quarantined',
      'audit --offline',
      'HOLD',
    ])
      expect(page).toContain(text);
  });

  it('lets no name out of its place', () => {
    expect(page).not.toContain('<script');
    for (const steering of ['\u202e', '\u0007']) expect(page).not.toContain(steering);
    expect(page).toContain('x&lt;/td&gt;&lt;script&gt;');
    expect(page.match(/<\/?(?:td|tr|table|details|div)\b/g)?.length).toBe(
      (page.match(/<(?:td|tr|table|details|div)\b/g)?.length ?? 0) * 2,
    );
  });

  it('needs nothing from anywhere', () => {
    expect(page).not.toMatch(/(?:src|href)=|url\(|@import|https?:/);
  });

  it('escapes by construction', () => {
    expect(html`<i>${'<b>'}</i>${['a&b', html`<u>${1}</u>`]}${null}`.text).toBe('<i>&lt;b&gt;</i>a&amp;b<u>1</u>');
    expect(escapeHtml('\u202eabc\u0000')).toBe('\\u202eabc\\u0000');
  });
});
