/** The sandbox's S3 alone, in a process of its own, so that its memory and its threads are not the planner's. */
import { createFaults } from '../packages/sandbox/src/faults.ts';
import { startS3 } from '../packages/sandbox/src/s3/server.ts';
import { ObjectFiles } from '../packages/sandbox/src/s3/store.ts';

const [directory = '', bucket = '', accessKeyId = '', secretAccessKey = ''] = process.argv.slice(2);
const objects = await ObjectFiles.open(directory);
await objects.createBucket(bucket);
const server = await startS3({ objects, faults: createFaults(), credentials: { accessKeyId, secretAccessKey } });
process.send?.({ url: server.url });
process.on('disconnect', () => process.exit(0));
