/** The records of the ledger behind a gate's finding, newest first: what a stranger would open to see for themselves. */
import { chunkName, counted } from '@lakehaul/core';
import type { GateState } from '@lakehaul/gates';
import {
  type Ledger,
  type LedgerRecord,
  latestCleanUntil,
  latestProbe,
  latestSample,
  newestSeal,
  sampledMs,
} from '@lakehaul/ledger';
import type { z } from 'zod';
import type { GATE_JSON } from './json/gate.ts';
import type { TableStatus } from './table-status.ts';

type RecordJson = z.input<typeof GATE_JSON>['findings'][number]['records'][number];

/** Lines of a stop's evidence that are told. */
const MOST_LINES = 20;

export async function recordsOf(
  ledger: Ledger,
  { source }: GateState,
  table: TableStatus | null,
): Promise<RecordJson[]> {
  if (source === 'write-log') return writeRecords(ledger, table);
  if (table === null) return [];
  if (source === 'stops') return stopRecords(ledger, table.tableId);
  return source === 'seals' ? sealRecords(ledger, table.tableId) : [];
}

async function stopRecords(ledger: Ledger, tableId: string): Promise<RecordJson[]> {
  const halt = await ledger.stops.current(tableId);
  if (halt === null || halt.stop === null) return [];
  const stopped = { what: 'the stop', key: halt.key, at: iso(halt.sinceMs), chunk: null };
  const lines = halt.stop.evidence.slice(0, MOST_LINES).map((line): RecordJson => {
    const receipt = ledger.keys.parseReceipt(line);
    if (receipt === null) return { what: line, key: null, at: null, chunk: null };
    return { what: `attempt ${receipt.attempt} ${receipt.stage}`, key: line, at: null, chunk: chunkName(receipt) };
  });
  return [stopped, ...lines];
}

async function sealRecords(ledger: Ledger, tableId: string): Promise<RecordJson[]> {
  const newest = await newestSeal(ledger, tableId);
  if (newest === null) return [];
  const { observedAt, targetVersion, isSealed, faultCount } = newest.seal;
  const judged = isSealed ? 'whole' : counted(faultCount, 'fault');
  const what = `the newest seal, at target version ${targetVersion}: ${judged}`;
  return [{ what, key: newest.key, at: observedAt, chunk: null }];
}

async function writeRecords(ledger: Ledger, table: TableStatus | null): Promise<RecordJson[]> {
  const [sample, clean, probe] = await Promise.all([
    latestSample(ledger),
    table === null ? null : latestCleanUntil(ledger, table.tableId),
    table === null ? null : latestProbe(ledger, table.tableId),
  ]);
  const told = <T>(record: LedgerRecord<T> | null, at: number, what: (body: T) => string): RecordJson[] =>
    record === null ? [] : [{ what: what(record.body), key: record.key, at: iso(at), chunk: null }];
  return [
    ...told(
      sample,
      sample === null ? 0 : sampledMs(sample),
      ({ from, to }) => `writes at the source from ${from} to ${to}`,
    ),
    ...told(clean, clean?.lastModifiedMs ?? 0, ({ cleanUntil, how }) =>
      cleanUntil === null
        ? 'when its proofs are as of is not known'
        : `its proofs are as of ${cleanUntil}, by its ${how}`,
    ),
    ...told(
      probe,
      probe?.lastModifiedMs ?? 0,
      ({ chunks, differing, snapshotAt }) =>
        `its last probe, as of ${snapshotAt}: ${differing.length} of ${chunks} chunks differed`,
    ),
  ].sort((a, b) => ((a.at ?? '') < (b.at ?? '') ? 1 : -1));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
