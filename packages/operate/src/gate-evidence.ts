/** What a gate rests on: its findings, with the chunks and the records that say so. Nothing here judges; the gates do. */
import { type ChunkRef, type ChunkStage, chunkName, type TablePlan } from '@lakehaul/core';
import { type Finding, type GateCode, type GateState, gateStates, SOURCE_WORDS } from '@lakehaul/gates';
import type { Ledger, LedgerScan } from '@lakehaul/ledger';
import { latestSample, sampledMs } from '@lakehaul/ledger';
import { unacknowledged } from '@lakehaul/planning';
import type { z } from 'zod';
import { recordsOf } from './gate-records.ts';
import type { GATE_JSON, GATES_JSON } from './json/gate.ts';
import type { StatusReport } from './status-report.ts';
import type { TableStatus } from './table-status.ts';

export interface EvidenceDeps {
  /** S3's clock when the ledger was looked at. */
  asOf: string;
  ledger: Ledger;
  plans: readonly TablePlan[];
  scan: LedgerScan;
  report: StatusReport;
}

export type GateJson = z.input<typeof GATE_JSON>;
type FindingJson = GateJson['findings'][number];

const CHUNKS_SHOWN = 10;
/** What a gate counts, worst first: the first ones are shown. */
const STAGES: Readonly<Partial<Record<GateCode, readonly ChunkStage[]>>> = {
  CHUNKS_MISMATCHED: ['mismatched'],
  CHUNKS_QUARANTINED: ['quarantined'],
  CHUNKS_ACCEPTED: ['accepted'],
  CHUNKS_NOT_PROVEN: ['quarantined', 'mismatched', 'void', 'loaded', 'unloaded', 'opened', 'planned'],
};

export function gatesJson(report: StatusReport): z.input<typeof GATES_JSON> {
  const { evidence, verdict, reasons } = report.decision;
  return {
    evidence,
    decision: { verdict, reasons },
    writesKnownUntil: report.writesKnownUntil,
    gates: gateStates(report.signals).map(gateJson),
  };
}

function gateJson(state: GateState) {
  const { code, question, verdict, notAsked, isEvidence, value, limit, of, unit, findings } = state;
  const tables = findings.filter(({ table }) => table !== null).length;
  return { code, question, verdict, notAsked, isEvidence, value, limit, of, unit, tables };
}

/** A page of findings, in the order of table ids: each costs a look into the ledger. */
export async function gateEvidence(
  deps: EvidenceDeps,
  code: GateCode,
  page: { after: string | null; limit: number },
): Promise<GateJson> {
  const state = gateStates(deps.report.signals).find((each) => each.code === code);
  if (state === undefined) throw new Error(`no gate ${code}`);
  const idOf = ({ table }: Finding) => table?.tableId ?? '';
  const rest = state.findings
    .filter((each) => page.after === null || idOf(each) > page.after)
    .sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const shown = rest.slice(0, page.limit);
  return {
    ...gateJson(state),
    ...{ reason: state.reason, source: SOURCE_WORDS[state.source], breaks: state.breaks },
    observedAt: await observedAt(deps, state),
    findings: await Promise.all(shown.map((each) => findingJson(deps, state, each))),
    next: rest.length > shown.length ? idOf(shown.at(-1) ?? rest[0] ?? NO_FINDING) : null,
  };
}

const NO_FINDING: Finding = { table: null, value: null, detail: '' };

/** Of a look at the ledger its own time; of what was read elsewhere, when it was read there. */
async function observedAt({ ledger, asOf }: EvidenceDeps, { source }: GateState): Promise<string | null> {
  if (source === 'benchmark' || source === 'queries') return null;
  if (source !== 'write-log') return asOf;
  const sample = await latestSample(ledger);
  return sample === null ? null : new Date(sampledMs(sample)).toISOString();
}

async function findingJson(deps: EvidenceDeps, state: GateState, finding: Finding): Promise<FindingJson> {
  const tableId = finding.table?.tableId ?? null;
  const table = deps.report.tables.find((each) => each.tableId === tableId) ?? null;
  const plans = deps.plans.filter((plan) => plan.tableId === tableId);
  const chunks = table === null ? [] : chunksOf(deps, state, plans, table);
  return {
    ...{ table: finding.table?.table ?? null, tableId, value: finding.value },
    detail: detailOf(state, finding, plans),
    records: await recordsOf(deps.ledger, state, table),
    chunks,
    moreChunks: Math.max(0, allChunks(state, finding, table) - chunks.length),
  };
}

/** As the reason says it, and which columns where it only counts them. */
function detailOf({ code }: GateState, { detail }: Finding, plans: readonly TablePlan[]): string {
  if (code !== 'LOSS_NOT_ACKNOWLEDGED') return detail;
  const names = plans.flatMap((plan) => unacknowledged(plan.columns, plan.acknowledgements));
  return `${detail}: ${[...new Set(names.map((column) => column.source.name))].join(', ')}`;
}

function allChunks(state: GateState, finding: Finding, table: TableStatus | null): number {
  if (state.unit === 'chunks') return finding.value ?? 0;
  return state.code === 'SEAL_BROKEN' ? (table?.seal?.faults.filter(({ chunk }) => chunk !== null).length ?? 0) : 0;
}

function chunksOf(
  { scan }: EvidenceDeps,
  { code }: GateState,
  plans: readonly TablePlan[],
  table: TableStatus,
): FindingJson['chunks'] {
  if (code === 'SEAL_BROKEN')
    return (table.seal?.faults ?? [])
      .flatMap(({ chunk, message }) => (chunk === null ? [] : [{ ref: refOf(plans, chunk), message }]))
      .flatMap(({ ref, message }) => (ref === null ? [] : [chunkRow(scan, ref, message)]))
      .slice(0, CHUNKS_SHOWN);
  const rows: FindingJson['chunks'] = [];
  for (const stage of STAGES[code] ?? [])
    for (const plan of plans)
      for (const chunk of scan.find(plan, { stage }, plan.firstChunk, CHUNKS_SHOWN - rows.length))
        rows.push(chunkRow(scan, { tableId: plan.tableId, generation: plan.generation, chunk }, null));
  return rows;
}

/** Numbers go on from generation to generation. */
function refOf(plans: readonly TablePlan[], chunk: number): ChunkRef | null {
  const plan = plans.find(({ firstChunk, chunkCount }) => chunk >= firstChunk && chunk < firstChunk + chunkCount);
  return plan === undefined ? null : { tableId: plan.tableId, generation: plan.generation, chunk };
}

function chunkRow(scan: LedgerScan, ref: ChunkRef, detail: string | null): FindingJson['chunks'][number] {
  const { stage, attempt, lastModifiedMs } = scan.state(ref);
  const changedAt = lastModifiedMs === 0 ? null : new Date(lastModifiedMs).toISOString();
  return { chunk: chunkName(ref), stage, attempt, changedAt, detail };
}
