/**
 * Which columns an UNLOAD loses something of: the row hash of fewer and fewer columns, at the source and in the target, of
 * one chunk. About two scans of that chunk per halving; asked once, when a table is stopped for a loss before the stage.
 */
import type { Source, Target } from '@lakehaul/adapters';
import {
  type AttemptRef,
  type ColumnPlan,
  type Fingerprint,
  LakehaulError,
  type Log,
  movedColumns,
  sourceTypeText,
  type TablePlan,
} from '@lakehaul/core';
import type { Ledger } from '@lakehaul/ledger';

interface LossyDeps {
  ledger: Ledger;
  source: Source;
  target: Target;
  log: Log;
}

/** At most so many lossy columns are named; each costs its own halvings. */
const MAX_NAMED = 4;

/** In plain words; null when the chunk cannot be asked or its columns agree by now. */
export async function lossyColumns(
  deps: LossyDeps,
  plan: TablePlan,
  evidence: readonly string[],
): Promise<string | null> {
  try {
    for (const key of evidence) {
      const parsed = deps.ledger.keys.parseReceipt(key);
      if (parsed === null || parsed.tableId !== plan.tableId || parsed.generation !== plan.generation) continue;
      const columns = await differingColumns(deps, plan, parsed);
      if (columns.length > 0) return `a loss in the UNLOAD of ${columns.map(named).join(', ')}, before the stage`;
    }
  } catch (error) {
    // The table is stopped all the same; only the name of the column is missing.
    if (!(error instanceof LakehaulError)) throw error;
    deps.log.warn('lossy column not found', { tableId: plan.tableId, code: error.code, reason: error.message });
  }
  return null;
}

async function differingColumns(deps: LossyDeps, plan: TablePlan, attempt: AttemptRef): Promise<ColumnPlan[]> {
  const { parts } = await deps.ledger.readChunk(attempt);
  // Buckets are made of the whole row's hash: fewer columns would be other rows.
  if (parts.some((part) => part.kind === 'hash')) return [];
  const version = await deps.target.version(plan.target);
  const differs = async (columns: readonly ColumnPlan[]): Promise<boolean> => {
    const narrow = { ...plan, columns };
    const predicate = { parts, cutLine: plan.cutLine };
    const at = { plan: narrow, hashForm: plan.hashForm, chunk: attempt.chunk, attempt: attempt.attempt, version };
    const [source, target] = await Promise.all([
      deps.source.fingerprint(narrow, predicate, plan.hashForm),
      deps.target.fingerprint(at),
    ]);
    return sums(source) !== sums(target);
  };
  const found: ColumnPlan[] = [];
  const search = async (columns: readonly ColumnPlan[]): Promise<void> => {
    if (found.length >= MAX_NAMED || columns.length === 0 || !(await differs(columns))) return;
    const [only] = columns;
    if (columns.length === 1 && only !== undefined) {
      found.push(only);
      return;
    }
    const middle = Math.ceil(columns.length / 2);
    await search(columns.slice(0, middle));
    await search(columns.slice(middle));
  };
  await search(movedColumns(plan));
  return found;
}

function sums(fingerprint: Fingerprint): string {
  return JSON.stringify([fingerprint.rowCount, fingerprint.groups.map(({ sum1, sum2 }) => [sum1, sum2])]);
}

function named(column: ColumnPlan): string {
  return `column ${column.source.name} (${sourceTypeText(column.source.type)})`;
}
