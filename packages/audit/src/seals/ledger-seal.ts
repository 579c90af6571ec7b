/**
 * The record of a ledger seal, as it lies in the bucket. What is signed is the exact text of the statement, so nothing
 * depends on how somebody's JSON writer orders fields.
 */
import { conflict, type LedgerKeys, parseAs, parseJson, SCHEMA_VERSION } from '@lakehaul/ledger';
import { z } from 'zod';
import { type Leaf, sha256Hex } from './merkle.ts';
import { isSignedBy, type SealKeys, type SealSigner } from './seal-key.ts';

const count = z.number().int().nonnegative();
const hex = z.string().regex(/^[0-9a-f]{64}$/);

/** One immutable list of leaves, in key order. */
const part = z.object({ key: z.string(), leafCount: count, sha256: hex });

const statement = z.looseObject({
  kind: z.literal('lakehaul-ledger-seal'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  migration: z.string(),
  number: z.number().int().positive(),
  /** SHA-256 of the previous seal's file; null for the first. */
  previous: hex.nullable(),
  /** S3 time before the ledger was listed: what was there by then is sealed by this seal or an earlier one. */
  observedAt: z.iso.datetime(),
  root: hex,
  leafCount: z.number().int().positive(),
  /** Of this seal and all before it. */
  cumulativeLeaves: count,
  oldestAt: z.iso.datetime(),
  newestAt: z.iso.datetime(),
  firstKey: z.string(),
  lastKey: z.string(),
  parts: z.array(part).min(1),
  keyId: z.string(),
  nonce: z.string(),
  by: z.looseObject({ service: z.string(), instance: z.string(), version: z.string() }),
});
export type SealStatement = z.infer<typeof statement>;

const file = z.looseObject({ schemaVersion: z.literal(SCHEMA_VERSION), statement: z.string(), signature: z.string() });

export interface LedgerSeal extends SealStatement {
  key: string;
  /** SHA-256 of the file. */
  digest: string;
  signature: string;
  /** What the signature is over. */
  text: string;
}

export function sealText(signer: SealSigner, body: Omit<SealStatement, 'keyId'>): string {
  const text = JSON.stringify({ ...body, keyId: signer.keyId });
  return JSON.stringify({ schemaVersion: SCHEMA_VERSION, statement: text, signature: signer.sign(text) });
}

/** Throws LEDGER_CONFLICT for a shape that is no seal of this migration under this key. Signatures are not looked at. */
export function parseSeal(keys: LedgerKeys, migration: string, key: string, body: Uint8Array): LedgerSeal {
  const outer = parseAs(file, key, parseJson(key, body));
  const inner = parseAs(statement, key, parseJson(key, Buffer.from(outer.statement)));
  if (inner.migration !== migration) throw conflict(key, `is a seal of migration ${inner.migration}`);
  if (keys.ledgerSeal(inner.number) !== key) throw conflict(key, `calls itself seal ${inner.number}`);
  return { ...inner, key, digest: sha256Hex(body), signature: outer.signature, text: outer.statement };
}

/** Null when the key is not among those given. */
export function hasValidSignature(seal: LedgerSeal, keys: SealKeys): boolean | null {
  const key = keys.get(seal.keyId);
  return key === undefined ? null : isSignedBy(key, seal.text, seal.signature);
}

const leafList = z.looseObject({ schemaVersion: z.literal(SCHEMA_VERSION), leaves: z.array(z.unknown()) });
const HEX = /^[0-9a-f]{64}$/;

/** Keys are kept without the ledger's prefix: half of the list would be that. */
export function leafListText(root: string, leaves: readonly Leaf[]): string {
  const rows = leaves.map((leaf) => [
    leaf.key.slice(root.length + 1),
    leaf.sha256,
    leaf.sizeBytes,
    leaf.lastModifiedMs,
  ]);
  return JSON.stringify({ schemaVersion: SCHEMA_VERSION, leaves: rows });
}

/** Throws LEDGER_CONFLICT when the list is not the one that the seal names. */
export function parseLeafList(root: string, entry: SealStatement['parts'][number], body: Uint8Array): Leaf[] {
  if (sha256Hex(body) !== entry.sha256) throw conflict(entry.key, 'is not the list of leaves that the seal names');
  const { leaves } = parseAs(leafList, entry.key, parseJson(entry.key, body));
  if (leaves.length !== entry.leafCount)
    throw conflict(entry.key, `holds ${leaves.length} leaves, the seal says ${entry.leafCount}`);
  return leaves.map((row, place) => {
    const leaf = leafOf(root, row);
    if (leaf === null) throw conflict(entry.key, `leaves.${place}: is no leaf`);
    return leaf;
  });
}

/** `[key, SHA-256, size, S3 time]`. By hand, as this is asked for each of a million leaves. */
function leafOf(root: string, row: unknown): Leaf | null {
  if (!Array.isArray(row) || row.length !== 4) return null;
  const [key, sha256, sizeBytes, lastModifiedMs] = row as unknown[];
  const isLeaf = typeof key === 'string' && typeof sha256 === 'string' && HEX.test(sha256);
  if (!isLeaf || !isCount(sizeBytes) || !isCount(lastModifiedMs)) return null;
  return { key: `${root}/${key}`, sha256, sizeBytes, lastModifiedMs };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
