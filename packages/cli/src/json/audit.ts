/** `audit`, `ledger-seal`, `ledger` and `keys`: what a stranger checks with. */

import { FINDINGS, type FindingCode, NOTES, type NoteCode } from '@lakehaul/audit';
import { chunkStage, count, said, text, utcTime } from '@lakehaul/operate';
import { z } from 'zod';

const findingCode = z.enum(Object.keys(FINDINGS) as [FindingCode, ...FindingCode[]]);
const noteCode = z.enum(Object.keys(NOTES) as [NoteCode, ...NoteCode[]]);
const hex = z.string().regex(/^[0-9a-f]{64}$/);

const ledgerSeal = z.strictObject({
  number: count,
  observedAt: utcTime.describe('S3 time: what was there by then is sealed by this seal or an earlier one'),
  root: hex.describe('Merkle root over key, SHA-256, size and S3 time of each object'),
  leafCount: count,
  cumulativeLeaves: count,
  seal: hex.describe('SHA-256 of the seal itself: what an anchor names'),
  keyId: said,
});

export const AUDIT_JSON = z.strictObject({
  migration: said,
  isClean: z.boolean(),
  findingCount: count,
  findings: z
    .array(z.strictObject({ code: findingCode, key: text, what: said, next: said }))
    .describe('the first thousand; findingCount and counts are complete'),
  counts: z.partialRecord(findingCode, count),
  notes: z.partialRecord(noteCode, count).describe('told, and no reason not to be clean'),
  objects: count,
  sealedObjects: count,
  unsealedObjects: count.describe('newer than the last seal'),
  seals: z.array(ledgerSeal),
  anchors: z.strictObject({
    continuousFrom: count
      .nullable()
      .describe('from this seal on each left its anchor when it was written; null where none did'),
    rebuilt: z
      .array(
        z.strictObject({
          key: text,
          at: utcTime,
          who: said,
          reason: said,
          fromSeal: count,
          toSeal: count,
          seals: count,
        }),
      )
      .describe('lost anchors that a person had made from the bucket'),
  }),
  tables: z.array(
    z.strictObject({
      tableId: said,
      table: said,
      chunks: count,
      done: count,
      stages: z.partialRecord(chunkStage, count),
    }),
  ),
  durationSeconds: z.number().min(0),
});

export const LEDGER_SEAL_JSON = z.strictObject({
  seal: ledgerSeal.nullable().describe('the newest; null while the ledger is empty'),
  added: count.describe('objects that this pass sealed'),
  unaccounted: count.describe('sealed objects that are gone, or old ones that no seal knows'),
  anchorFile: text.nullable(),
  rebuiltAnchors: z
    .array(count)
    .describe('numbers of the seals whose lost anchors were made from the bucket (--rebuild-anchors), or would be'),
});

export const LEDGER_EXPORT_JSON = z.strictObject({
  directory: said,
  objects: count,
  copied: count.describe('by this run; the others were there'),
  copiedBytes: count,
  observedAt: utcTime,
});

export const KEYS_CREATE_JSON = z.strictObject({ keyId: said, privateKeyFile: said, publicKeyFile: said });

export const REPORT_JSON = z.strictObject({
  htmlFile: said,
  jsonFile: said,
  isClean: z.boolean().describe('of the audit that the report rests on'),
  findingCount: count,
});
