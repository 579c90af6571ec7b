/** What a person may still acknowledge of a table that is planned, and what of it is missing. */
import {
  type AttemptRef,
  type ChunkRef,
  type ColumnPlan,
  chunkName,
  isRoundingAcknowledged,
  LakehaulError,
  must,
  type TablePlan,
} from '@lakehaul/core';
import { type Ledger, type LedgerScan, mayFollowPlan } from '@lakehaul/ledger';
import { z } from 'zod';
import type { ACKNOWLEDGE_JSON, ACKNOWLEDGEMENTS_JSON } from './json/acknowledge.ts';
import { said } from './json/common.ts';

export interface AcknowledgeDeps {
  ledger: Ledger;
  /** All generations of the table. */
  plans: readonly TablePlan[];
}

export type AcknowledgeAnswer = z.input<typeof ACKNOWLEDGE_JSON>;
export type Acknowledgements = z.input<typeof ACKNOWLEDGEMENTS_JSON>;

/** Exactly what is recorded; nothing when all of it is known. */
export const ACKNOWLEDGE_PLAN = z.strictObject({
  ...{ table: said, tableId: said },
  acknowledgements: z.array(said),
  known: z.array(said),
});
export type AcknowledgePlan = z.infer<typeof ACKNOWLEDGE_PLAN>;

/** Changes nothing. Refuses what no record may say after a plan, and columns that have nothing to acknowledge. */
export async function planAcknowledge(
  { ledger, plans }: AcknowledgeDeps,
  wanted: readonly string[],
): Promise<AcknowledgePlan> {
  const { table, tableId } = nameOf(plans);
  for (const each of wanted) refuseUnfitting(each, table, plans);
  const later = await laterOf(ledger, plans);
  const isKnown = (each: string) =>
    plans.every((plan) =>
      variantsOf([plan])
        .filter((column) => roundingOf(column) === each)
        .every((column) => isRoundingAcknowledged(column, [...plan.acknowledgements, ...later])),
    );
  const asked = [...new Set(wanted)];
  return {
    ...{ table, tableId },
    acknowledgements: asked.filter((each) => !isKnown(each)),
    known: asked.filter(isKnown),
  };
}

/** `request` is the caller's own name of the act: coming twice, it is recorded once. */
export async function acknowledge(
  ledger: Ledger,
  { table, tableId, acknowledgements, known }: AcknowledgePlan,
  by: { who: string; reason: string; request: string },
): Promise<AcknowledgeAnswer> {
  if (acknowledgements.length > 0) await ledger.acknowledged.acknowledge(tableId, acknowledgements, by);
  return { isDryRun: false, table, tableId, acknowledged: acknowledgements, known };
}

function refuseUnfitting(each: string, table: string, plans: readonly TablePlan[]): void {
  if (!mayFollowPlan(each))
    throw new LakehaulError('USAGE', `${each} cannot be acknowledged after the plan: it decides what is read and how`, {
      where: table,
      next: 'only rounding:COLUMN may follow a plan; for anything else haul the table as another migration, with it in lakehaul.yaml',
    });
  const roundings = [...new Set(variantsOf(plans).map(roundingOf))];
  if (roundings.includes(each)) return;
  throw new LakehaulError('USAGE', `${each} names no VARIANT column of ${table}: nothing else is rounded`, {
    where: table,
    next: roundings.length === 0 ? 'the table has none: nothing to do' : `one of ${roundings.join(', ')}`,
  });
}

/** Each of them costs a read. */
const MOST_EXAMINED = 500;
const PARALLEL_READS = 16;

/** What was acknowledged with the plan and later, and what is missing so that chunks wait for it. */
export async function acknowledgementsOf(
  { ledger, plans, scan }: AcknowledgeDeps & { scan: LedgerScan },
  examine = MOST_EXAMINED,
): Promise<Acknowledgements> {
  const records = await ledger.acknowledged.records(nameOf(plans).tableId);
  const later = records.flatMap(({ body }) => body.acknowledgements);
  const held = await heldBack(ledger, plans, scan, examine);
  const missing = new Map<string, string[]>();
  const toReplay: string[] = [];
  for (const { ref, columns } of held.chunks) {
    const plan = must(
      plans.find(({ generation }) => generation === ref.generation),
      'plan of a chunk',
    );
    const lacking = variantsOf([plan])
      .filter((column) => columns.includes(column.source.name))
      .filter((column) => !isRoundingAcknowledged(column, [...plan.acknowledgements, ...later]))
      .map(roundingOf);
    for (const each of lacking) missing.set(each, [...(missing.get(each) ?? []), chunkName(ref)]);
    if (lacking.length === 0) toReplay.push(chunkName(ref));
  }
  return {
    ...nameOf(plans),
    planned: [...new Set(plans.flatMap(({ acknowledgements }) => acknowledgements))],
    later: records.flatMap(({ body, lastModifiedMs }) =>
      body.acknowledgements.map((acknowledgement) => ({
        ...{ acknowledgement, at: new Date(lastModifiedMs).toISOString() },
        ...{ who: body.who ?? null, reason: body.reason ?? null },
      })),
    ),
    missing: [...missing].map(([acknowledgement, chunks]) => ({ acknowledgement, chunks })),
    ...{ toReplay, isWhole: held.isWhole },
  };
}

/** Quarantined chunks that differ by nothing but rounded numbers, with the columns that hold them. */
async function heldBack(
  ledger: Ledger,
  plans: readonly TablePlan[],
  scan: LedgerScan,
  examine: number,
): Promise<{ chunks: { ref: ChunkRef; columns: string[] }[]; isWhole: boolean }> {
  // Nothing of another type is rounded, and none of its receipts needs to be read.
  if (variantsOf(plans).length === 0) return { chunks: [], isWhole: true };
  const waiting: AttemptRef[] = plans.flatMap(({ tableId, generation, chunkCount }) =>
    scan.find({ tableId, generation }, { stage: 'quarantined' }, 0, chunkCount).map((chunk) => {
      const ref = { tableId, generation, chunk };
      return { ...ref, attempt: scan.state(ref).attempt };
    }),
  );
  const read = waiting.slice(0, examine);
  const chunks: { ref: ChunkRef; columns: string[] }[] = [];
  for (let start = 0; start < read.length; start += PARALLEL_READS) {
    const batch = read.slice(start, start + PARALLEL_READS);
    const receipts = await Promise.all(batch.map((ref) => ledger.read(ref, 'mismatched')));
    for (const [at, { attempt: _attempt, ...ref }] of batch.entries()) {
      const body = receipts[at]?.body;
      if (body?.code !== 'NUMBERS_ROUNDED') continue;
      const inexact = body.carried?.inexact ?? [];
      // A number out of range is lost, not rounded: nobody can acknowledge it.
      if (inexact.some(({ outOfRange }) => outOfRange !== '0')) continue;
      chunks.push({ ref, columns: inexact.filter(({ rounded }) => rounded !== '0').map(({ column }) => column) });
    }
  }
  return { chunks, isWhole: read.length === waiting.length };
}

async function laterOf(ledger: Ledger, plans: readonly TablePlan[]): Promise<string[]> {
  return (await ledger.acknowledged.records(nameOf(plans).tableId)).flatMap(({ body }) => body.acknowledgements);
}

function variantsOf(plans: readonly Pick<TablePlan, 'columns'>[]): ColumnPlan[] {
  return plans.flatMap(({ columns }) =>
    columns.filter(({ excluded, target }) => !excluded && target.type.kind === 'VARIANT'),
  );
}

function roundingOf({ source }: ColumnPlan): string {
  return `rounding:${source.name}`;
}

function nameOf(plans: readonly TablePlan[]): { table: string; tableId: string } {
  const { source, tableId } = must(plans[0], 'plan of the table');
  return { table: `${source.schema}.${source.table}`, tableId };
}
