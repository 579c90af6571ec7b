import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditLedger, copySource, exportLedger, publicKeysOf, storeSource } from '@lakehaul/audit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeHonestLedger } from '../support/honest-ledger.ts';
import { LedgerWorld, MIGRATION } from '../support/ledger-world.ts';
import { newNotary } from '../support/notary.ts';

describe('the audit of an honest ledger', () => {
  const notary = newNotary(new LedgerWorld());
  const directory = mkdtempSync(join(tmpdir(), 'lakehaul-audit-'));
  const trust = { publicKeys: publicKeysOf(notary.signer.publicKeyPem, 'test'), anchors: notary.anchors };

  beforeAll(() => writeHonestLedger(notary));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('is clean in the bucket: repairs, voids, quarantine, late rows, shared scans and generations included', async () => {
    const { store } = notary.world;
    const result = await auditLedger(await storeSource(store, notary.ledger.keys, MIGRATION), trust);
    expect(result.findings).toEqual([]);
    expect(result.notes).toEqual({});
    expect(result).toMatchObject({ isClean: true, unsealedObjects: 0 });
    expect(result.seals).toHaveLength(3);
    expect(result.sealedObjects).toBe(result.objects);
    expect(result.tables.map((each) => [each.table, each.done, each.chunks])).toEqual([
      ['public.events', 5, 6],
      ['public.users', 3, 3],
    ]);
  });

  it('is the same from a copy, without the bucket', async () => {
    const signal = new AbortController().signal;
    const request = { store: notary.world.store, prefix: 'ledger', migration: MIGRATION, directory, signal };
    const copied = await exportLedger(request);
    expect(copied.copied).toBe(copied.objects);
    expect(await exportLedger(request)).toMatchObject({ objects: copied.objects, copied: 0 });
    const result = await auditLedger(await copySource(directory), trust);
    expect(result.findings).toEqual([]);
    expect(result.isClean).toBe(true);
  });
});
