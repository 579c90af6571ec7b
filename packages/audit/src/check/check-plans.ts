/** Plans: heads, the pages that they name, coverage, and what people had to acknowledge. */
import { asLakehaulError, counted, type TablePlan } from '@lakehaul/core';
import { chunkPage, type PlanHead, pageChunks, parseAs, parseJson, planHead, tablePath } from '@lakehaul/ledger';
import { MAX_AMPLIFICATION, unacknowledged } from '@lakehaul/planning';
import type { CopiedObject } from '../copy/pack.ts';
import type { LedgerSource } from '../copy/source.ts';
import { sha256Hex } from '../seals/merkle.ts';
import { Coverage } from './coverage.ts';
import type { Findings } from './findings.ts';

export interface PlannedTable {
  plan: TablePlan;
  headKey: string;
  /** Leaders of shared scans: their receipts are the cause of other chunks'. */
  leaders: ReadonlySet<number>;
  /** Leader of each chunk's shared scan; only where the level depends on it, since a table may have a million chunks. */
  groups: ReadonlyMap<number, number>;
}

/** By `<table>/g<generation>`. */
export type Plans = ReadonlyMap<string, PlannedTable>;

export async function checkPlans(
  source: LedgerSource,
  findings: Findings,
  see: (object: CopiedObject) => void,
): Promise<Plans> {
  const heads = new Map<string, { head: PlanHead; key: string }>();
  const pages = new Map<string, Uint8Array>();
  for await (const object of source.read('plans', (what) => findings.add('COPY_DAMAGED', 'plans', what))) {
    see(object);
    const name = source.keys.parsePlanHead(object.key);
    if (name === null) {
      pages.set(object.key, object.body);
      continue;
    }
    const head = readHead(source, findings, object, name);
    if (head !== null) heads.set(tablePath(name.tableId, name.generation), { head, key: object.key });
  }
  const plans = new Map<string, PlannedTable>();
  for (const generations of byTable(heads)) {
    checkTable(findings, pages, generations, plans);
    for (const { head, key } of generations) checkAcknowledgements(findings, key, head.plan);
  }
  return plans;
}

function readHead(
  source: LedgerSource,
  findings: Findings,
  object: CopiedObject,
  name: { tableId: string; generation: number },
): PlanHead | null {
  try {
    const head = parseAs(planHead, object.key, parseJson(object.key, object.body));
    const { plan } = head;
    if (plan.migration === source.migration && plan.tableId === name.tableId && plan.generation === name.generation)
      return head;
    findings.add('SHAPE', object.key, 'is the plan of something else');
  } catch (thrown) {
    findings.add('SHAPE', object.key, asLakehaulError(thrown).message);
  }
  return null;
}

type Head = { head: PlanHead; key: string };

function byTable(heads: ReadonlyMap<string, Head>): Head[][] {
  const tables = new Map<string, Head[]>();
  for (const entry of heads.values()) {
    const { tableId } = entry.head.plan;
    tables.set(tableId, [...(tables.get(tableId) ?? []), entry]);
  }
  for (const generations of tables.values())
    generations.sort((a, b) => a.head.plan.generation - b.head.plan.generation);
  return [...tables.values()];
}

/** All generations of one table together: I1 spans them. */
function checkTable(
  findings: Findings,
  pages: ReadonlyMap<string, Uint8Array>,
  generations: readonly Head[],
  plans: Map<string, PlannedTable>,
): void {
  const [first] = generations;
  const last = generations.at(-1);
  if (first === undefined || last === undefined) return;
  let key = first.key;
  let isReadable = true;
  const coverage = new Coverage(first.head.plan, (what) => findings.add('COVERAGE', key, what));
  const numbers = new Set<number>();
  for (const generation of generations) {
    const { plan } = generation.head;
    key = generation.key;
    const leaders = new Set<number>();
    const groups = new Map<number, number>();
    let next = plan.firstChunk;
    if (numbers.has(plan.firstChunk))
      findings.add('PLAN', key, `begins at chunk ${plan.firstChunk} as an earlier generation`);
    numbers.add(plan.firstChunk);
    for (const [index, entry] of generation.head.pages.entries()) {
      const chunks = readPage(findings, pages, generation, index, next);
      isReadable &&= chunks !== null;
      for (const chunk of chunks ?? []) {
        if (chunk.scanGroup === chunk.number) leaders.add(chunk.number);
        if (plan.level === 'sampled' && chunk.scanGroup !== null) groups.set(chunk.number, chunk.scanGroup);
        coverage.add(chunk);
      }
      next += entry.chunkCount;
    }
    if (next - plan.firstChunk !== plan.chunkCount)
      findings.add(
        'PLAN',
        key,
        `its pages hold ${counted(next - plan.firstChunk, 'chunk')}, the plan says ${plan.chunkCount}`,
      );
    plans.set(tablePath(plan.tableId, plan.generation), { plan, headKey: key, leaders, groups });
  }
  // A page that is gone is told already; the gap that it leaves says nothing more.
  if (isReadable) coverage.finish(last.head.plan.watermark);
}

function readPage(
  findings: Findings,
  pages: ReadonlyMap<string, Uint8Array>,
  { head, key: headKey }: Head,
  index: number,
  first: number,
): ReturnType<typeof pageChunks> | null {
  const entry = head.pages[index];
  if (entry === undefined) return null;
  const body = pages.get(entry.key);
  if (body === undefined) {
    findings.add('PLAN', headKey, `names the page ${entry.key}, which is not there`);
    return null;
  }
  if (sha256Hex(body) !== entry.sha256) {
    findings.add('PLAN', entry.key, 'is not the page that the head of the plan names');
    return null;
  }
  try {
    const page = parseAs(chunkPage, entry.key, parseJson(entry.key, body));
    if (page.firstChunk !== first || page.chunks.length !== entry.chunkCount)
      findings.add(
        'PLAN',
        entry.key,
        `holds ${counted(page.chunks.length, 'chunk')} from ${page.firstChunk}, not ${entry.chunkCount} from ${first}`,
      );
    return pageChunks(head.plan.generation, page);
  } catch (thrown) {
    findings.add('SHAPE', entry.key, asLakehaulError(thrown).message);
    return null;
  }
}

/** What `plan` refuses without a person's word must have that word in the plan. */
function checkAcknowledgements(findings: Findings, key: string, plan: TablePlan): void {
  const given = new Set(plan.acknowledgements);
  for (const column of unacknowledged(plan.columns, plan.acknowledgements))
    findings.add('ACKNOWLEDGEMENT', key, `${column.source.name} is ${column.loss}: ${column.lossReason}`);
  for (const column of plan.columns)
    if (column.excluded && !given.has(`exclude:${column.source.name}`))
      findings.add('ACKNOWLEDGEMENT', key, `${column.source.name} is left out`);
  if (plan.target.adopted && !given.has('adopt-target'))
    findings.add('ACKNOWLEDGEMENT', key, 'the target table was there before, and nobody agreed to adopt it');
  if (plan.scanAmplification > MAX_AMPLIFICATION && !given.has('scan-amplification'))
    findings.add('ACKNOWLEDGEMENT', key, `the plan scans the table ${plan.scanAmplification} times`);
}
