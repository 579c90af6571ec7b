import { readFileSync } from 'node:fs';
import { LakehaulError, must } from '@lakehaul/core';
import type { LoadAnswer, LoadRequest, Target, TargetLoad } from '../ports.ts';
import { check } from './check.ts';
import { prepareStatements } from './ddl-sql.ts';
import { describe, readVersion } from './describe.ts';
import { differences } from './differences.ts';
import { readHistory } from './history.ts';
import { copyStatements, deleteStatement, renderLoad, replaceStatement } from './load-sql.ts';
import type { DatabricksDeps, DatabricksOptions } from './options.ts';
import { findStatements, queuedStatements } from './query-history.ts';
import { Workspace } from './rest.ts';
import {
  carriedFingerprintSelect,
  lineageCountSelect,
  readCarried,
  readFingerprint,
  sealSelect,
  targetFingerprintSelect,
} from './verify-sql.ts';
import { type Answer, cellText, mustText, Warehouse } from './warehouse.ts';

/** Delta tables through a SQL warehouse: the driver for statements, REST for what the driver does not offer. */
export function openDatabricks(options: DatabricksOptions, deps: DatabricksDeps): Target & TargetLoad {
  const ca = options.caFile === undefined ? null : readCa(options.caFile);
  const workspace = new Workspace(options, deps, ca);
  const warehouse = new Warehouse(options, deps, workspace, ca);
  return {
    describe: (table) => describe(warehouse, table),
    renderPrepare: (plan, existing) => prepareStatements(plan, existing),
    async prepare(statements) {
      // A DDL that was done before its answer was lost is found done: what is left is rendered from the table as it is.
      for (const sql of statements) await warehouse.write(sql);
    },
    renderLoad,
    copy: (request) => copyAll(warehouse, copyStatements(request), request),
    replace: async (request) => loadAnswer(await warehouse.write(replaceStatement(request), limitsOf(request))),
    deleteChunk: async (request) => loadAnswer(await warehouse.write(deleteStatement(request), limitsOf(request))),
    findStatements: (statementTag, sinceMs) => findStatements(workspace, options, statementTag, sinceMs),
    queuedStatements: () => queuedStatements(workspace, options, deps.clock.nowMs()),
    version: (table) => readVersion(warehouse, table),
    countLineages: async (plan, chunk, version) =>
      lineages(await warehouse.read(lineageCountSelect(plan, chunk, version))),
    carriedFingerprint: async (request) =>
      readCarried(rowOf(await warehouse.read(carriedFingerprintSelect(request))), request.plan),
    fingerprint: async (request) => readFingerprint(rowOf(await warehouse.read(targetFingerprintSelect(request)))),
    differences: (request) => differences(warehouse, request),
    lineageCounts: async (table, version) => lineages(await warehouse.read(sealSelect(table, version))),
    history: (table, sinceVersion) => readHistory(warehouse, table, sinceVersion),
    check: () => check(options, workspace, warehouse),
    close: () => warehouse.close(),
  };
}

function readCa(caFile: string): string {
  try {
    return readFileSync(caFile, 'utf8');
  } catch (cause) {
    throw new LakehaulError('CONFIG_INVALID', `${caFile} cannot be read`, {
      cause,
      where: 'target.caFile',
      next: 'name a PEM file that the process may read',
    });
  }
}

/**
 * More than 1,000 files are several statements. Each is idempotent by file, so a failure in between is mended by sending
 * all of them again; one that says 0 rows (loaded before) leaves the sum unknown.
 */
async function copyAll(warehouse: Warehouse, sqls: readonly string[], request: Sent): Promise<LoadAnswer> {
  let inserted: bigint | null = 0n;
  let statementId = '';
  for (const sql of sqls) {
    const answer = loadAnswer(await warehouse.write(sql, limitsOf(request)));
    statementId = answer.statementId;
    const rows = answer.insertedRows;
    inserted = inserted === null || rows === null || rows === '0' ? null : inserted + BigInt(rows);
  }
  return { statementId, insertedRows: inserted === null ? null : inserted.toString() };
}

type Sent = Pick<LoadRequest, 'statementTimeoutMs' | 'sendBeforeMs'>;

function limitsOf({ statementTimeoutMs, sendBeforeMs }: Sent): { timeoutMs: number; sendBeforeMs: number } {
  return { timeoutMs: statementTimeoutMs, sendBeforeMs };
}

/** A DELETE answers affected rows only: it inserts none. */
function loadAnswer(answer: Answer): LoadAnswer {
  return { statementId: answer.statementId, insertedRows: cellText(answer.rows[0]?.['num_inserted_rows']) };
}

function lineages(answer: Answer): { lineage: bigint; rowCount: string }[] {
  return answer.rows.map((row) => ({
    lineage: BigInt(mustText(row, 'lineage')),
    rowCount: mustText(row, 'row_count'),
  }));
}

/** The one row of a fingerprint. */
function rowOf(answer: Answer): Record<string, string | null> {
  const row = must(answer.rows[0], 'row of a fingerprint');
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cellText(value)]));
}
