/** The audit of a copy on disk in a process of its own, so that its time and memory are its own. */
import { join } from 'node:path';
import { auditLedger, copySource, publicKeysOf, readAnchors } from '@lakehaul/audit';

const [directory = '', publicKey = ''] = process.argv.slice(2);
const startedMs = performance.now();
const source = await copySource(directory);
const result = await auditLedger(source, {
  publicKeys: publicKeysOf(publicKey, 'bench'),
  anchors: await readAnchors(join(directory, 'anchors.jsonl'), source.migration),
});
process.send?.({
  objects: result.objects,
  sealedObjects: result.sealedObjects,
  proven: result.tables.reduce((sum, table) => sum + table.done, 0),
  findings: result.findingCount,
  firstFinding: JSON.stringify(result.findings[0] ?? null),
  // On a busy machine the wall clock says little.
  cpuSeconds: (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
  seconds: (performance.now() - startedMs) / 1000,
  rssBytes: process.resourceUsage().maxRSS * 1024,
});
