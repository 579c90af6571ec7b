/** The files of a support bundle: each section reads what it needs and gives what may leave the house. */

import { arch, platform, release } from 'node:os';
import { type ChunkRef, chunkName, type KeyPart, sourceTypeText, type TablePlan, targetTypeText } from '@lakehaul/core';
import { readLedger, type Session, VERSION } from '@lakehaul/fleet';
import type { LedgerScan, ScannedState, StoredReceipt } from '@lakehaul/ledger';
import { statusJson, statusReport } from '@lakehaul/operate';
import { doctorChecks, runChecks } from '../doctor-checks.ts';
import { runbookLink } from '../print/problem.ts';
import { errorClasses, LEFT_OUT, type Redactor } from './redactor.ts';

export interface SectionDeps {
  session: Session;
  redactor: Redactor;
  maxChunks: number;
}

export interface Section {
  file: string;
  says: string;
  /** Asks the clouds themselves, and writes doctor's probe object: not in a dry run. */
  isProbing?: boolean;
  gather: () => Promise<unknown>;
}

export function bundleSections(deps: SectionDeps): Section[] {
  const { session, redactor } = deps;
  // One reading for all sections; whoever needs it sees its failure.
  let reading: ReturnType<typeof readLedger> | null = null;
  const ledger = () => {
    reading ??= readLedger(session.ledger);
    return reading;
  };
  let trails: ReturnType<typeof troubledTrails> | null = null;
  const troubled = () => {
    trails ??= ledger().then(({ plans, scan }) => troubledTrails(deps, plans, scan));
    return trails;
  };
  return [
    {
      file: 'versions.json',
      says: 'lakehaul, Node.js and operating system',
      gather: async () => ({ lakehaul: VERSION, node: process.version, os: `${platform()} ${release()} ${arch()}` }),
    },
    {
      file: 'config.json',
      says: 'the configuration: numbers and choices; hosts, buckets, accounts and secrets left out',
      gather: async () => redactor.redact(session.config, 'config'),
    },
    {
      file: 'status.json',
      says: 'chunks by stage of every table, and the codes of the decision',
      gather: async () => {
        const { plans, scan } = await ledger();
        return redactor.redact(statusJson(await statusReport(session.ledger, plans, scan)), 'status');
      },
    },
    {
      file: 'plans.json',
      says: 'columns with types and loss classes, key columns, sizes; no boundary, no cut line',
      gather: async () => (await ledger()).plans.map((plan) => planFacts(plan, redactor)),
    },
    {
      file: 'trails.json',
      says: 'receipts of the troubled chunks, worst first: what, when, how many; no value, no text of an engine',
      gather: troubled,
    },
    {
      file: 'errors.json',
      says: 'their failures, newest first: codes and error classes',
      gather: async () => lastErrors(await troubled()),
    },
    {
      file: 'doctor.json',
      says: 'which connections work, and the codes of those that do not',
      isProbing: true,
      gather: async () => {
        const checks = [];
        for await (const { name, error } of runChecks(doctorChecks(session)))
          checks.push({
            name,
            isOk: error === null,
            code: error?.code ?? null,
            errorClasses: errorClasses(error?.message ?? ''),
          });
        return checks;
      },
    },
  ];
}

function planFacts(plan: TablePlan, redactor: Redactor) {
  return {
    table: redactor.name(`${plan.source.schema}.${plan.source.table}`),
    tableId: redactor.name(plan.tableId),
    generation: plan.generation,
    isAdopted: plan.target.adopted,
    columns: plan.columns.map((column) => ({
      name: redactor.name(column.source.name),
      source: sourceTypeText(column.source.type),
      target: targetTypeText(column.target.type),
      nullable: column.source.nullable,
      sortKeyPosition: column.source.sortKeyPosition,
      loss: column.loss,
      excluded: column.excluded,
    })),
    keyColumns: plan.keyColumns.map((name) => redactor.name(name)),
    cutLineColumn: plan.cutLine === null ? null : redactor.name(plan.cutLine.column),
    hasWatermark: plan.watermark !== null,
    level: plan.level,
    sampleEvery: plan.sampleEvery,
    hashForm: plan.hashForm,
    firstChunk: plan.firstChunk,
    chunks: plan.chunkCount,
    estimatedRows: plan.estimatedRows,
    estimatedBytes: plan.estimatedBytes,
    wantedChunkBytes: plan.wantedChunkBytes,
    scanAmplification: plan.scanAmplification,
    priority: plan.priority,
    acknowledgements: plan.acknowledgements.map((text) => redactor.name(text)),
    plannedAt: plan.plannedAt,
  };
}

interface Trouble {
  ref: ChunkRef;
  state: ScannedState;
}

async function troubledTrails(deps: SectionDeps, plans: readonly TablePlan[], scan: LedgerScan) {
  const { session, redactor } = deps;
  const troubles: Trouble[] = [];
  for (const { tableId, generation } of plans)
    scan.forEach({ tableId, generation }, (chunk, state) => {
      if (badness(state) > 0) troubles.push({ ref: { tableId, generation, chunk }, state: { ...state } });
    });
  troubles.sort((a, b) => badness(b.state) - badness(a.state) || b.state.lastModifiedMs - a.state.lastModifiedMs);
  const chunks = [];
  for (const { ref, state } of troubles.slice(0, deps.maxChunks)) {
    const [chunk, trail] = [await session.ledger.readChunk(ref), await session.ledger.trail(ref)];
    chunks.push({
      chunk: redactor.name(chunkName(ref)),
      stage: state.stage,
      attempt: state.attempt,
      failures: state.failures,
      parts: chunk.parts.map((part) => partFacts(part, redactor)),
      estimatedRows: chunk.estimatedRows.toString(),
      estimatedBytes: chunk.estimatedBytes.toString(),
      trail: trail.map((receipt) => receiptFacts(receipt, redactor)),
    });
  }
  return { troubled: troubles.length, chunks };
}

function badness(state: ScannedState): number {
  if (state.stage === 'quarantined') return 4;
  if (state.stage === 'mismatched') return 3;
  if (state.failures > 0) return 2;
  return state.attempt > 1 ? 1 : 0;
}

/** The boundaries of a range are key values, and key values are row values. */
function partFacts(part: KeyPart, redactor: Redactor) {
  if (part.kind === 'hash') return part;
  if (part.kind === 'null') return { kind: part.kind, column: redactor.name(part.column) };
  const bound = (value: string | null) => (value === null ? null : LEFT_OUT);
  return { kind: part.kind, column: redactor.name(part.column), from: bound(part.from), to: bound(part.to) };
}

function receiptFacts(receipt: StoredReceipt, redactor: Redactor) {
  const { body } = receipt;
  return {
    attempt: receipt.attempt,
    stage: receipt.stage,
    lastModified: new Date(receipt.lastModifiedMs).toISOString(),
    by: { service: receipt.by.service, version: receipt.by.version, instance: redactor.hidden(receipt.by.instance) },
    errorClasses: errorClasses('message' in body ? body.message : ''),
    body: redactor.redact(body, 'receipt'),
  };
}

const LAST_ERRORS = 200;

function lastErrors(trails: Awaited<ReturnType<typeof troubledTrails>>) {
  return trails.chunks
    .flatMap(({ chunk, trail }) =>
      trail.flatMap((receipt) => {
        const code = codeOf(receipt.body);
        if (code === null) return [];
        const { attempt, stage, lastModified } = receipt;
        return [
          { chunk, attempt, stage, lastModified, code, errorClasses: receipt.errorClasses, runbook: runbookLink(code) },
        ];
      }),
    )
    .sort((a, b) => b.lastModified.localeCompare(a.lastModified))
    .slice(0, LAST_ERRORS);
}

function codeOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('code' in body)) return null;
  return typeof body.code === 'string' && body.code !== LEFT_OUT ? body.code : null;
}
