/** The demo changes one hauled row behind the haul's back, so that everybody sees the alarm ring and the repair. */
import { type AttemptRef, isDone, LakehaulError, type Log, lineageOf, type TablePlan } from '@lakehaul/core';
import type { Ledger, LedgerScan } from '@lakehaul/ledger';
import { reproveChunk, type VerifyDeps } from '@lakehaul/verifier';
import type { SqlClient } from '../sandbox/sql-clients.ts';

const RECORD = 'demo/planted';

export async function isPlanted(ledger: Ledger): Promise<boolean> {
  return (await ledger.readRecord(RECORD)) !== null;
}

/**
 * Changes one row of the first non-empty chunk of the table, then proves the whole table again. Only its chunk must
 * differ; the others get proofs that saw the foreign commit, so that the next seal can explain it. The record is written
 * last: a demo killed in between does all of it again.
 */
export async function plantAndProve(request: {
  ledger: Ledger;
  scan: LedgerScan;
  plan: TablePlan;
  client: SqlClient;
  verify: VerifyDeps;
  log: Log;
}): Promise<AttemptRef> {
  const { ledger, plan, client } = request;
  const done: AttemptRef[] = [];
  request.scan.forEach(plan, (chunk, state) => {
    if (isDone(state)) done.push({ tableId: plan.tableId, generation: plan.generation, chunk, attempt: state.attempt });
  });
  const table = [plan.target.catalog, plan.target.schema, plan.target.table]
    .map((name) => `\`${name.replaceAll('`', '``')}\``)
    .join('.');
  for (const attempt of done) {
    const lineage = lineageOf(attempt.chunk, attempt.attempt);
    const first = await client.run(
      `SELECT p_row_id FROM ${table} WHERE _lakehaul = ${lineage} ORDER BY p_row_id LIMIT 1`,
    );
    const rowId = first.rows[0]?.[0];
    if (rowId === undefined || rowId === null) continue;
    await client.run(
      `UPDATE ${table} SET eventname = 'PlantedByTheDemo' WHERE _lakehaul = ${lineage} AND p_row_id = '${rowId.replaceAll("'", "\\'")}'`,
    );
    const different: number[] = [];
    for (const each of done) if (!(await reproveChunk(request.verify, each, request.log))) different.push(each.chunk);
    if (!different.includes(attempt.chunk))
      throw new LakehaulError('INTERNAL', `the planted change in chunk ${attempt.chunk} was not found`);
    await ledger.writeRecord(RECORD, { schemaVersion: 1, chunk: attempt.chunk, attempt: attempt.attempt });
    return attempt;
  }
  throw new LakehaulError('INTERNAL', `${plan.tableId} has no chunk with rows to plant a change in`);
}
