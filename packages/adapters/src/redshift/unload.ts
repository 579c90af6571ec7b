import type { Fingerprint, HashForm, RowPredicate, TablePlan } from '@lakehaul/core';
import { must } from '@lakehaul/core';
import type { UnloadAnswer, UnloadRequest } from '../ports.ts';
import type { RedshiftOptions } from './options.ts';
import type { Statements } from './statements.ts';
import { joinFingerprints, readUnloadAnswer, renderUnloadBatch } from './unload-sql.ts';

type Rows = (string | null)[][];

export async function submitUnload(
  statements: Statements,
  options: RedshiftOptions,
  request: UnloadRequest,
): Promise<{ statementId: string }> {
  const { statements: sqls } = renderUnloadBatch(request, options);
  const statementId = await statements.submit({ sqls, name: request.statementName, token: request.clientToken });
  return { statementId };
}

export async function readAnswer(
  statements: Statements,
  options: RedshiftOptions,
  statementId: string,
  request: UnloadRequest,
): Promise<UnloadAnswer> {
  const { layout } = renderUnloadBatch(request, options);
  const others = [...layout.policies, ...layout.fingerprints].map((part) => part.statement);
  const wanted = [layout.columnList, layout.counts, ...others];
  const found = new Map<number, Rows>();
  // Sub-statements are numbered from 1 in the Data API.
  for (const index of wanted) found.set(index, await statements.api.rows(`${statementId}:${index + 1}`));
  return readUnloadAnswer(layout, (index) => must(found.get(index), `result of statement ${index}`));
}

/** The fingerprint statements of a batch at level full, sent without the rest of it. */
export async function sourceFingerprint(
  statements: Statements,
  options: RedshiftOptions,
  question: { plan: TablePlan; predicate: RowPredicate; hashForm: HashForm },
): Promise<Fingerprint> {
  const batch = renderUnloadBatch(
    { ...question, level: 'full', dataUrl: 's3://unused/', statementName: '', clientToken: '', buckets: null },
    options,
  );
  const sqls = batch.layout.fingerprints.map((part) => must(batch.statements[part.statement], 'fingerprint statement'));
  const [answer] = joinFingerprints(await statements.query('fingerprint', sqls));
  return must(answer, 'fingerprint').fingerprint;
}
