import { copySource, storeSource } from '@lakehaul/audit';
import { readLedger, VERSION } from '@lakehaul/fleet';
import type { Decision } from '@lakehaul/gates';
import { statusReport } from '@lakehaul/operate';
import { systemClock } from '@lakehaul/runtime';
import { REPORT_JSON } from '../json/audit.ts';
import { printJson } from '../json/common.ts';
import { count, counted } from '../print/units.ts';
import { type WrittenReport, writeReport } from '../report/write-report.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';
import { trustOf } from './audit.ts';

export const report: Verb = {
  name: 'report',
  operands: '',
  summary: 'write the evidence as one readable HTML page and one JSON file',
  example: 'lakehaul report --out ./evidence',
  details: [
    'What was moved, from which snapshot, when, by whom, counts, hashes, losses, repairs, what was not moved, seals and roots. The ledger is audited on the way.',
    'With --offline from a copy: then without the decision, which is made beside the ledger.',
  ],
  flags: [
    ...COMMON_FLAGS,
    { name: 'out', value: 'DIR', doc: 'where report.html and report.json go', default: 'lakehaul-report' },
    { name: 'offline', value: 'DIR', doc: 'a copy made by lakehaul ledger export, instead of the bucket' },
    { name: 'public-key', value: 'FILE', doc: 'public keys of the sealers (default audit.publicKeyFile)' },
    { name: 'anchors', value: 'FILE', doc: 'anchors kept outside the bucket (default audit.anchorFile)' },
  ],
  json: [{ command: 'report', says: 'Where the report is, and whether the ledger is clean.', shape: REPORT_JSON }],
  async run(call) {
    const { offline } = call.flags;
    const written = await (typeof offline === 'string' ? fromCopy(call, offline) : fromBucket(call));
    const { audit, htmlFile, jsonFile } = written;
    const { isClean, findingCount } = audit;
    if (call.flags['json'] === true)
      printJson(call.terminal, REPORT_JSON, { htmlFile, jsonFile, isClean, findingCount });
    else
      call.terminal.out(
        `${htmlFile}\n${jsonFile}\n${isClean ? 'the ledger is clean' : `the ledger is not clean: ${counted(findingCount, 'finding')}, see the page`}`,
      );
    return isClean ? EXIT.done : EXIT.notProven;
  },
};

async function fromCopy(call: VerbCall, directory: string): Promise<WrittenReport> {
  const source = await copySource(directory);
  return await write(call, { source, trust: await trustOf(call, source.migration, null), decision: null });
}

async function fromBucket(call: VerbCall): Promise<WrittenReport> {
  await using session = await openSession(call);
  const { clouds, ledger, config } = session;
  const { plans, scan } = await readLedger(ledger);
  const decision: Decision = (await statusReport(ledger, plans, scan)).decision;
  const source = await storeSource(clouds.ledgerStore, ledger.keys, config.migration);
  return await write(call, { source, trust: await trustOf(call, config.migration, config), decision });
}

function write(
  call: VerbCall,
  parts: Pick<Parameters<typeof writeReport>[0], 'source' | 'trust' | 'decision'>,
): Promise<WrittenReport> {
  return writeReport({
    ...parts,
    directory: String(call.flags['out']),
    madeAt: new Date(systemClock.nowMs()).toISOString(),
    version: VERSION,
    onProgress: (shards) => call.terminal.status(`${count(shards)} of 256 shards of receipts read`),
  });
}
