import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  auditLedger,
  copySource,
  createSealKey,
  exportLedger,
  readAnchors,
  readPublicKeys,
  readSigner,
} from '@lakehaul/audit';
import { ledgerSealer, readLedger } from '@lakehaul/fleet';
import { reproveChunk } from '@lakehaul/verifier';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { driver } from '../support/drive.ts';
import { smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

/** The services' own receipts, not a test's: hauled, changed behind our back, repaired, cleaned, sealed, copied, audited. */
let world: World;
const directory = mkdtempSync(join(tmpdir(), 'lakehaul-hauled-'));
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

it('a hauled and repaired migration is clean offline, with every cause named', async () => {
  const keyFile = join(directory, 'key.pem');
  const anchorFile = join(directory, 'anchors.jsonl');
  const { publicKeyFile } = await createSealKey(keyFile);
  const { session, ref, target } = await smallTable(world, {
    rows: 60,
    change: (config) => ({ ...config, audit: { ...config.audit, anchorFile } }),
  });
  await driver(session).drive();
  const sealer = ledgerSealer(session, await readSigner(keyFile));
  expect((await sealer.runOnce()).added).toBeGreaterThan(5);

  await world.databricks.run(`UPDATE ${target} SET name = 'other' WHERE id = 7`);
  const deps = {
    ledger: session.ledger,
    target: session.clouds.target,
    stage: session.clouds.stage,
    maxAttempts: 5,
    diffRows: 10,
  };
  expect(await reproveChunk(deps, { ...ref, attempt: 1 }, session.log)).toBe(false);
  const report = await driver(session).drive();
  expect(report.done).toBe(report.chunks);
  const { plans, scan } = await readLedger(session.ledger);
  expect(scan.state(ref)).toMatchObject({ stage: 'verified', attempt: 2 });
  expect(plans).toHaveLength(1);
  expect(await reproveChunk(deps, { ...ref, attempt: 2 }, session.log)).toBe(true);
  await sealer.runOnce();

  const copy = join(directory, 'copy');
  const { ledger, migration } = session.config;
  const { signal } = new AbortController();
  await exportLedger({ store: session.clouds.ledgerStore, prefix: ledger.prefix, migration, directory: copy, signal });
  const trust = { publicKeys: await readPublicKeys(publicKeyFile), anchors: await readAnchors(anchorFile, migration) };
  const result = await auditLedger(await copySource(copy), trust);
  expect(result.findings).toEqual([]);
  expect(result.notes['PARENT_UNKNOWN']).toBeUndefined();
  expect(result).toMatchObject({ isClean: true, unsealedObjects: 0 });
  expect(trust.anchors).toHaveLength(2);

  // The file that holds them is lost: nothing is sealed before a person has said that it shall be made anew.
  rmSync(anchorFile);
  await expect(sealer.runOnce()).rejects.toMatchObject({ code: 'ANCHORS_LOST' });
  expect(await sealer.rebuildAnchors({ who: 'me', reason: 'disk lost' })).toBe(2);
  expect(await sealer.runOnce()).toMatchObject({ seal: { number: 3 }, added: 1 });
  expect((await readAnchors(anchorFile, migration)).map((anchor) => anchor.rebuilt === true)).toEqual([
    true,
    true,
    false,
  ]);
});
