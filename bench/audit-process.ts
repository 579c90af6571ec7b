/** The audit of a copy on disk in a process of its own, so that its time and memory are its own. */
import { auditLedger, copySource, publicKeysOf } from '@lakehaul/audit';

const [directory = '', publicKey = ''] = process.argv.slice(2);
const startedMs = performance.now();
const result = await auditLedger(await copySource(directory), {
  publicKeys: publicKeysOf(publicKey, 'bench'),
  anchors: null,
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
