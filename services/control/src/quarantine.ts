/** What waits for a person: chosen by filter, opened anew or taken as it is. The same plans that the commands make. */
import { type ChunkRef, chunkName, counted, LakehaulError, type TablePlan } from '@lakehaul/core';
import { askedKey, type Ledger, type PlannedReopening, reopenPlanned } from '@lakehaul/ledger';
import { listChunks } from '@lakehaul/operate';
import { z } from 'zod';
import type { Change } from './once.ts';
import type { Snapshot } from './read-model.ts';
import { refuseUnplanned } from './routes/chunks.ts';
import { tableNamed } from './routes/status.ts';

const CHUNK_NAME = /^(.+)\/g(\d{1,9})\/(\d{1,10})$/s;

export const QUARANTINE_FILTER = z.strictObject({
  table: z.string().min(1).optional().describe('Id or schema.table.'),
  code: z.string().max(64).optional().describe('Error code of the quarantine, or of what led to it.'),
  chunks: z
    .array(z.string().regex(CHUNK_NAME, 'must be a full name, table/g1/3'))
    .min(1)
    .max(10_000)
    .optional()
    .describe('Full names; every one must be in quarantine.'),
});

export type QuarantineFilter = z.output<typeof QUARANTINE_FILTER>;

export const attempt = z.strictObject({ chunk: z.string(), attempt: z.int().min(1) });
export const movedOn = z.array(z.string()).describe('Chunks that somebody else went on with meanwhile: left alone.');

export const REPLAYED_JSON = z.strictObject({
  isDryRun: z.boolean(),
  total: z.int().min(0),
  tables: z.record(z.string(), z.int().min(1)).describe('Chunks by table id.'),
  chunks: z.array(attempt).describe('With the attempt that is opened.'),
  movedOn,
});

export const PLAN = z.array(attempt);
export type Plan = z.infer<typeof PLAN>;

/** Quarantined chunks in the order of the plans; refuses more than `most`, or another number than was expected. */
export async function quarantined(
  { ledger, snapshot }: { ledger: Ledger; snapshot: Snapshot },
  filter: QuarantineFilter,
  bounds: { most: number; expected: number | undefined },
): Promise<Plan> {
  const found =
    filter.chunks === undefined ? await byFilter(ledger, snapshot, filter, bounds.most) : byName(snapshot, filter);
  refuseMore(found.length, bounds.most);
  if (bounds.expected !== undefined && bounds.expected !== found.length)
    throw new LakehaulError(
      'USAGE',
      `the filter takes ${counted(found.length, 'chunk')}, not the ${bounds.expected} that are expected`,
      {
        next: 'Look at a dry run, and repeat with its total.',
      },
    );
  return found;
}

function refuseMore(chunks: number, most: number): void {
  if (chunks > most)
    throw new LakehaulError('USAGE', `${counted(chunks, 'chunk')} are more than one request takes (${most})`, {
      next: 'Choose fewer by table, code or names, and go on with the rest afterwards.',
    });
}

/** Receipts of each chunk are read to find its code: more than these take too long for one request. */
const MOST_EXAMINED = 20_000;

async function byFilter(
  ledger: Ledger,
  { plans, scan }: Snapshot,
  { table, code }: QuarantineFilter,
  most: number,
): Promise<Plan> {
  const chosen = table === undefined ? plans : tableNamed(plans, table).plans;
  if (code !== undefined) {
    const { chunks, next } = await listChunks(
      { ledger, plans: chosen, scan },
      { stage: 'quarantined', code },
      { after: null, limit: most + 1, examine: MOST_EXAMINED },
    );
    if (next !== null && chunks.length <= most)
      throw new LakehaulError(
        'USAGE',
        `more than ${counted(MOST_EXAMINED, 'quarantined chunk')} would have to be read`,
        {
          next: 'Choose fewer by table or names.',
        },
      );
    return chunks.map(({ chunk, attempt }) => ({ chunk, attempt }));
  }
  // Counted before they are named: a million names for a refusal would be 200 MB.
  refuseMore(
    chosen.reduce((sum, plan) => sum + scan.summary(plan).stages.quarantined, 0),
    most,
  );
  return chosen.flatMap((plan) =>
    scan.find(plan, { stage: 'quarantined' }, 0, plan.chunkCount).map((chunk) => {
      const ref = { tableId: plan.tableId, generation: plan.generation, chunk };
      return { chunk: chunkName(ref), attempt: scan.state(ref).attempt };
    }),
  );
}

function byName({ plans, scan }: Snapshot, { chunks = [], table, code }: QuarantineFilter): Plan {
  if (table !== undefined || code !== undefined)
    throw new LakehaulError('USAGE', 'chunks are named, or chosen by table and code, not both');
  return [...new Set(chunks)].map((name) => {
    const ref = refOf(plans, name);
    const state = scan.state(ref);
    if (state.stage !== 'quarantined')
      throw new LakehaulError('CHUNK_NOT_QUARANTINED', `${name} is ${state.stage}`, { where: name });
    return { chunk: name, attempt: state.attempt };
  });
}

function refOf(plans: readonly TablePlan[], name: string): ChunkRef {
  const [, tableId = '', generation = '0', chunk = '0'] = CHUNK_NAME.exec(name) ?? [];
  const ref = { tableId, generation: Number(generation), chunk: Number(chunk) };
  refuseUnplanned(plans, ref);
  return ref;
}

/** Of a name that was looked at already. */
export const plainRef = (name: string): ChunkRef => {
  const [, tableId = '', generation = '0', chunk = '0'] = CHUNK_NAME.exec(name) ?? [];
  return { tableId, generation: Number(generation), chunk: Number(chunk) };
};

function told(
  planned: readonly PlannedReopening[],
  movedOn: readonly PlannedReopening[],
  isDryRun: boolean,
): z.input<typeof REPLAYED_JSON> {
  const tables: Record<string, number> = {};
  for (const { ref } of planned) tables[ref.tableId] = (tables[ref.tableId] ?? 0) + 1;
  return {
    isDryRun,
    total: planned.length,
    tables,
    chunks: planned.map(({ ref, attempt }) => ({ chunk: chunkName(ref), attempt })),
    movedOn: movedOn.map(({ ref }) => chunkName(ref)),
  };
}

/** `choose` names quarantined attempts; the next one of each is opened. */
export function replayChange(
  ledger: Ledger,
  by: { who: string; reason: string },
  choose: () => Promise<Plan>,
): Change<Plan, z.input<typeof REPLAYED_JSON>> & { preview: () => Promise<z.input<typeof REPLAYED_JSON>> } {
  const plan = async () => (await choose()).map(({ chunk, attempt }) => ({ chunk, attempt: attempt + 1 }));
  const refs = (planned: Plan) => planned.map(({ chunk, attempt }) => ({ ref: plainRef(chunk), attempt }));
  return {
    plan,
    planShape: PLAN,
    preview: async () => told(refs(await plan()), [], true),
    perform: async (planned, id) => {
      // The same words that the command writes: who, then why. Whose an attempt is, its cause says.
      const reopening = { reason: `${by.who}: ${by.reason}`, causedBy: askedKey(ledger.keys, id) };
      const { opened, movedOn } = await reopenPlanned(ledger, refs(planned), reopening);
      return told(opened, movedOn, false);
    },
  };
}
