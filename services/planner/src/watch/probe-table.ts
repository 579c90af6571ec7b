/**
 * A probe of one table: what the source holds now against what is proven, chunk by chunk, in few scans. Exactly the
 * chunks that differ are opened again; the rest of the table is proven as of the probe's snapshot.
 */
import type { ProbeRequest, Source } from '@lakehaul/adapters';
import {
  type Clock,
  earliest,
  type Fingerprint,
  LakehaulError,
  type Log,
  must,
  type SourceTime,
  type TablePlan,
} from '@lakehaul/core';
import {
  cleanUntilPath,
  type Ledger,
  type LedgerRecord,
  type LedgerScan,
  type ProbeRecord,
  probesPath,
} from '@lakehaul/ledger';
import { probeAmplification } from './probe-amplification.ts';
import { probeDifference } from './probe-difference.ts';
import type { ProvenChunk } from './proven-chunks.ts';
import { reopenChanged } from './reopen-changed.ts';

export interface ProbeDeps {
  ledger: Ledger;
  source: Source;
  scan: LedgerScan;
  clock: Clock;
  log: Log;
}

/** Level `count` has nothing but counts to compare: an update would pass unseen. */
export function refuseUnprobeable(generations: readonly TablePlan[]): void {
  const [plan] = generations;
  if (plan?.level !== 'count') return;
  const where = `${plan.source.schema}.${plan.source.table}`;
  throw new LakehaulError('PROBE_IMPOSSIBLE', `${where} is proven by counts only: no probe finds an update in it`, {
    where,
  });
}

/** The questions of a probe: neighbours of one generation and hash form share scans. */
function questions(proven: readonly ProvenChunk[]): ProvenChunk[][] {
  const groups = new Map<string, ProvenChunk[]>();
  for (const each of proven) {
    const name = `${each.plan.generation}/${each.proof.hashForm}`;
    groups.set(name, [...(groups.get(name) ?? []), each]);
  }
  return [...groups.values()];
}

function requestOf(group: readonly ProvenChunk[]) {
  const first = must(group[0], 'chunk of a probe');
  return {
    plan: first.plan,
    hashForm: first.proof.hashForm,
    hasHashes: true,
    chunks: group.map(({ chunk }) => ({ number: chunk.number, parts: chunk.parts })),
  };
}

export async function renderTableProbe(
  { ledger, source }: Pick<ProbeDeps, 'ledger' | 'source'>,
  generations: readonly TablePlan[],
  proven: readonly ProvenChunk[],
): Promise<string[]> {
  const requests = [...(await counts(ledger, generations, proven)), ...questions(proven).map(requestOf)];
  return requests.flatMap((request) => source.renderProbe(request));
}

export interface ProbeResult {
  record: LedgerRecord<ProbeRecord>;
  /** Chunks that were opened again, by this probe or, since it began, by somebody whose snapshot may be older. */
  reopened: { generation: number; chunk: number; attempt: number }[];
}

export async function probeTable(
  deps: ProbeDeps,
  generations: readonly TablePlan[],
  proven: readonly ProvenChunk[],
  why: string,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  const plan = must(generations[0], 'plan of a probed table');
  const { tableId } = plan;
  refuseUnprobeable(generations);
  const startedMs = deps.clock.nowMs();
  const snapshots: SourceTime[] = [];
  const found = new Map<ProvenChunk, Fingerprint>();
  const tooLong = new Set<ProvenChunk>();
  let scans = 0;
  let strayRows = 0n;
  let rowsScanned = 0n;
  const ask = async (request: ProbeRequest) => {
    const answer = await deps.source.probe(request, signal);
    snapshots.push(answer.snapshotAt);
    scans += answer.scans;
    rowsScanned += BigInt(answer.rowsScanned);
    // Where every chunk of a generation was asked for, its bounds hold no other row: one that nobody hauls breaks I1.
    if (request.chunks.length === request.plan.chunkCount) {
      strayRows += BigInt(answer.strayRows);
      refuseStray(request.plan, answer.strayRows);
    }
    return answer;
  };
  for (const request of await counts(deps.ledger, generations, proven)) await ask(request);
  for (const group of questions(proven)) {
    const answer = await ask(requestOf(group));
    for (const each of group) {
      found.set(each, must(answer.sums.get(each.chunk.number), 'sums of a probed chunk'));
      if (answer.tooLong.has(each.chunk.number)) tooLong.add(each);
    }
  }
  const differing = proven.filter(
    (each) => tooLong.has(each) || probeDifference(each.proof, must(found.get(each), 'sums')) !== null,
  );
  const rows = [...found.values()].reduce((sum, each) => sum + BigInt(each.rowCount), 0n);
  const body: ProbeRecord = {
    schemaVersion: 1,
    tableId,
    snapshotAt: must(earliest(snapshots), 'snapshot of a probe'),
    why,
    generations: generations.map((plan) => plan.generation),
    chunks: proven.length,
    scans,
    rows: rows.toString(),
    rowsScanned: rowsScanned.toString(),
    amplification: probeAmplification(plan, { rows, rowsScanned, scans }),
    bytes: generations.reduce((sum, plan) => sum + BigInt(plan.estimatedBytes), 0n).toString(),
    durationMs: deps.clock.nowMs() - startedMs,
    strayRows: strayRows.toString(),
    differing: differing.map((each) => ({
      generation: each.plan.generation,
      chunk: each.chunk.number,
      attempt: each.attempt,
      provenRows: each.proof.rowCounts.transaction,
      sourceRows: must(found.get(each), 'sums').rowCount,
      ...(tooLong.has(each) ? { hasTooLongRow: true } : {}),
    })),
  };
  const { record } = await deps.ledger.appendRecord(probesPath(tableId), body);
  const reopened = await settleProbe(deps, generations, record, proven);
  return { record, reopened };
}

/**
 * Chunks of two hash forms share no scan, and accepted ones are in none: of such a generation, rows that no chunk claims show
 * in a count of all its chunks only.
 */
async function counts(
  ledger: Ledger,
  generations: readonly TablePlan[],
  proven: readonly ProvenChunk[],
): Promise<ProbeRequest[]> {
  const whole = new Set(
    questions(proven).flatMap(([first, ...others]) =>
      first !== undefined && others.length + 1 === first.plan.chunkCount ? [first.plan.generation] : [],
    ),
  );
  const requests: ProbeRequest[] = [];
  for (const plan of generations.filter(({ generation }) => !whole.has(generation))) {
    const chunks: ProbeRequest['chunks'][number][] = [];
    for await (const { number, parts } of ledger.chunks(plan)) chunks.push({ number, parts });
    requests.push({ plan, hashForm: plan.hashForm, hasHashes: false, chunks });
  }
  return requests;
}

function refuseStray(plan: TablePlan, strayRows: string): void {
  if (strayRows === '0') return;
  const where = `${plan.source.schema}.${plan.source.table}`;
  throw new LakehaulError(
    'INTERNAL',
    `${where}: ${strayRows} rows belong to no chunk of generation ${plan.generation}`,
    {
      where,
    },
  );
}

/**
 * What a probe's record asks for: the chunks that differ are opened again, and so is what has moved to another attempt
 * since the probe looked, unless that attempt reads the source after it. Only then is the table proven as of its
 * snapshot: a crash before that leaves it as it was, and the next look probes again. So does a chunk that was accepted when
 * the probe looked and has been replayed since: its rows may be older than the snapshot, and nothing was compared with them.
 */
async function settleProbe(
  deps: ProbeDeps,
  generations: readonly TablePlan[],
  record: LedgerRecord<ProbeRecord>,
  proven: readonly ProvenChunk[],
): Promise<ProbeResult['reopened']> {
  await deps.scan.refresh();
  const differing = new Set(record.body.differing.map((each) => `${each.generation}/${each.chunk}`));
  const due = proven.filter((each) => {
    const ref = { tableId: each.plan.tableId, generation: each.plan.generation, chunk: each.chunk.number };
    return differing.has(`${ref.generation}/${ref.chunk}`) || deps.scan.state(ref).attempt !== each.attempt;
  });
  const reopened = await reopenChanged(deps, record, due);
  const { snapshotAt, chunks, bytes, durationMs } = record.body;
  const unprobed = unprobedChunks(deps.scan, generations, proven);
  if (unprobed > 0) {
    deps.log.warn('table probed in part', { tableId: record.body.tableId, chunks, unprobed });
    return reopened;
  }
  await deps.ledger.appendRecord(
    cleanUntilPath(record.body.tableId),
    {
      schemaVersion: 1,
      cleanUntil: snapshotAt,
      how: 'probe',
      generations: generations.map((plan) => plan.generation),
      chunks,
      bytes,
      durationMs,
    },
    record.key,
  );
  deps.log.info('table probed', {
    tableId: record.body.tableId,
    chunks,
    scans: record.body.scans,
    reopened: reopened.length,
    snapshotAt,
  });
  return reopened;
}

/** Chunks that the probe left out as accepted, and that are not any more. */
function unprobedChunks(scan: LedgerScan, generations: readonly TablePlan[], proven: readonly ProvenChunk[]): number {
  const probed = new Set(proven.map((each) => `${each.plan.generation}/${each.chunk.number}`));
  let unprobed = 0;
  for (const plan of generations)
    scan.forEach(plan, (chunk, state) => {
      if (state.stage !== 'accepted' && !probed.has(`${plan.generation}/${chunk}`)) unprobed += 1;
    });
  return unprobed;
}
