/** Reads the ledger once, and writes the evidence as one page and one JSON; a million chunks go through a stream. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuditResult, auditLedger, FINDINGS, type LedgerSource } from '@lakehaul/audit';
import type { Decision } from '@lakehaul/gates';
import { ReportCollector, type ReportedTable } from './collect-report.ts';
import { reportHtml } from './report-html.ts';

export interface ReportRequest {
  source: LedgerSource;
  trust: Pick<Parameters<typeof auditLedger>[1], 'publicKeys' | 'anchors'>;
  decision: Decision | null;
  directory: string;
  madeAt: string;
  version: string;
  onProgress: (shards: number) => void;
}

export interface WrittenReport {
  htmlFile: string;
  jsonFile: string;
  audit: AuditResult;
}

export async function writeReport(request: ReportRequest): Promise<WrittenReport> {
  const { source, directory } = request;
  await mkdir(directory, { recursive: true });
  const [htmlFile, jsonFile] = [join(directory, 'report.html'), join(directory, 'report.json')];
  const collected = new ReportCollector(source.keys.record('x').replace(/\/x$/, ''));
  const json = createWriteStream(`${jsonFile}.new`);
  const failed = once(json, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  const write = async (text: string) => {
    if (!json.write(text)) await Promise.race([once(json, 'drain'), failed]);
  };
  // Chunks first: everything else is known only when the last one was read.
  await write('{\n"schemaVersion": 1,\n"chunks": [');
  let comma = '\n';
  const audit = await auditLedger(source, {
    ...request.trust,
    onRecord: (object) => collected.addRecord(object),
    onChunk: async (chunk, table) => {
      await write(`${comma}${JSON.stringify({ tableId: table.plan.tableId, ...collected.addChunk(chunk, table) })}`);
      comma = ',\n';
    },
    onProgress: request.onProgress,
  });
  for (const { plan } of audit.plans.values()) collected.addPlan(plan);
  for (const table of collected.tables.values()) table.plans.sort((a, b) => a.generation - b.generation);
  const observedAt = new Date(source.observedMs).toISOString();
  const { madeAt, version, decision } = request;
  await write(
    `\n],\n${JSON.stringify(summaryOf({ audit, collected, decision, madeAt, observedAt, version })).slice(1)}\n`,
  );
  json.end();
  await Promise.race([once(json, 'finish'), failed]);
  await rename(`${jsonFile}.new`, jsonFile);
  await writeFile(htmlFile, reportHtml({ audit, collected, decision, madeAt, observedAt, version }));
  return { htmlFile, jsonFile, audit };
}

function summaryOf(parts: Parameters<typeof reportHtml>[0]) {
  const { audit, collected } = parts;
  const { plans: _plans, seals, tables: _tables, findings, ...counts } = audit;
  return {
    migration: audit.migration,
    madeAt: parts.madeAt,
    observedAt: parts.observedAt,
    version: parts.version,
    decision: parts.decision,
    audit: { ...counts, findings: findings.map((each) => ({ ...each, means: FINDINGS[each.code] })) },
    ledgerSeals: seals.map(({ text: _text, key: _key, parts: _parts, ...seal }) => seal),
    tables: [...collected.tables].map(([tableId, table]) => ({ tableId, ...tableJson(table) })),
    records: collected.records,
  };
}

/** 64-bit numbers as text. The plans are whole: columns, losses, acknowledgements. */
function tableJson(table: ReportedTable) {
  const {
    rows,
    stagedBytes,
    sum1,
    sum2,
    stages,
    levels,
    actors,
    exceptions: _exceptions,
    moreExceptions: _more,
    ...plain
  } = table;
  return {
    ...plain,
    rows: rows.toString(),
    stagedBytes: stagedBytes.toString(),
    sum1: sum1.toString(),
    sum2: sum2.toString(),
    stages: Object.fromEntries(stages),
    levels: Object.fromEntries(levels),
    actors: [...actors].sort(),
  };
}
