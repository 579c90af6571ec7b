/**
 * The sandbox's S3 with the ledger of `bench rebuild` in it, in a process of its own. A rebuild reads the keys of receipts
 * and never their bodies, so all keys share one small body on disk: half a million files would measure the disk.
 */
import { writeFileSync } from 'node:fs';
import { LedgerKeys } from '../packages/ledger/src/keys.ts';
import { createFaults } from '../packages/sandbox/src/faults.ts';
import { startS3 } from '../packages/sandbox/src/s3/server.ts';
import { ObjectFiles } from '../packages/sandbox/src/s3/store.ts';
import { CHUNKS_PER_TABLE, MIGRATION, PREFIX, planOf, receiptsOf, TABLES } from './rebuild-ledger.ts';

const [directory = '', bucket = '', accessKeyId = '', secretAccessKey = ''] = process.argv.slice(2);
const objects = await ObjectFiles.open(directory);
await objects.createBucket(bucket);

const body = JSON.stringify({ schemaVersion: 1, migration: MIGRATION });
const file = objects.newFile('receipt.json');
writeFileSync(objects.filePath(file), body);
const stored = { file, sizeBytes: body.length, etag: '0'.repeat(32), contentType: 'application/json', headers: null };
const keys = new LedgerKeys(PREFIX, MIGRATION);
let receipts = 0;
for (let table = 0; table < TABLES; table++) {
  const { tableId, generation } = planOf(table);
  const written: Promise<unknown>[] = [];
  for (let chunk = 0; chunk < CHUNKS_PER_TABLE; chunk++)
    for (const [attempt, stage, ordinal] of receiptsOf(chunk)) {
      const key = keys.receipt({ tableId, generation, chunk, attempt }, stage, ordinal);
      written.push(objects.commit(bucket, key, { kind: 'absent' }, stored));
    }
  receipts += written.length;
  await Promise.all(written);
}
const server = await startS3({ objects, faults: createFaults(), credentials: { accessKeyId, secretAccessKey } });
process.send?.({ url: server.url, receipts });
process.on('disconnect', () => process.exit(0));
