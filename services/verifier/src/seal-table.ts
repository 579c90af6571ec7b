/**
 * The seal of a table: one cheap scan says that no chunk is missing, doubled, stale or foreign, and the history says
 * that nobody else changed hauled rows since they were proven. It stands behind every other guard: if a fence ever
 * failed, this finds it.
 */
import type { Target } from '@lakehaul/adapters';
import {
  counted,
  LINEAGE_COLUMN,
  type Log,
  lineageOf,
  lineageParts,
  lineageRange,
  MAX_CHUNK_NUMBER,
  must,
  type ProofBody,
  separated,
  type TablePlan,
} from '@lakehaul/core';
import type { Ledger, LedgerScan, Seal, SealFault, StoredReceipt } from '@lakehaul/ledger';

export interface SealDeps {
  ledger: Ledger;
  target: Target;
}

export interface ProvenChunk {
  chunk: number;
  attempt: number;
  rowCount: string;
  /** The target version that the newest proof read. */
  provenVersion: string;
}

const MAX_FAULTS = 100;
const LAST_LINEAGE = lineageRange(MAX_CHUNK_NUMBER).high;
const PARALLEL_READS = 32;

/** Seals the table over all generations and writes the result, sealed or not, as a record. */
export async function sealTable(
  deps: SealDeps,
  plans: readonly TablePlan[],
  scan: LedgerScan,
  log: Log,
): Promise<Seal> {
  const plan = must(plans[0], 'plan to seal');
  const proven: ProvenChunk[] = [];
  const notDone: SealFault[] = [];
  for (const generation of plans) await collect(deps.ledger, generation, scan, proven, notDone);
  const startMs = performance.now();
  const targetVersion = await deps.target.version(plan.target);
  const found = await deps.target.lineageCounts(plan.target, targetVersion);
  const oldest = proven.reduce(
    (least, chunk) => (BigInt(chunk.provenVersion) < least ? BigInt(chunk.provenVersion) : least),
    BigInt(targetVersion),
  );
  const commits = await deps.target.history(plan.target, oldest.toString());
  const durationMs = Math.round(performance.now() - startMs);
  const faults = [
    ...notDone,
    ...lineageFaults(proven, found),
    ...commitFaults(commits, proven),
    ...historyGap(commits, oldest, BigInt(targetVersion)),
  ];
  const seal: Seal = {
    schemaVersion: 1,
    tableId: plan.tableId,
    observedAt: new Date(scan.observedMs).toISOString(),
    targetVersion,
    chunks: new Set(proven.map((chunk) => chunk.chunk)).size + notDone.length,
    rowCount: proven.reduce((sum, chunk) => sum + BigInt(chunk.rowCount), 0n).toString(),
    isSealed: faults.length === 0,
    faultCount: faults.length,
    faults: faults.slice(0, MAX_FAULTS),
    durationMs,
  };
  await deps.ledger.appendRecord(`tables/${plan.tableId}/seals`, seal);
  if (seal.isSealed) log.info('table sealed', { tableId: plan.tableId, chunks: seal.chunks, targetVersion });
  else log.error('seal broken', { tableId: plan.tableId, faults: seal.faultCount, reason: faults[0]?.message });
  return seal;
}

async function collect(
  ledger: Ledger,
  plan: TablePlan,
  scan: LedgerScan,
  proven: ProvenChunk[],
  notDone: SealFault[],
): Promise<void> {
  const ended: EndedChunk[] = [];
  scan.forEach(plan, (chunk, state) => {
    const { stage, attempt } = state;
    if (stage === 'verified' || stage === 'counted' || stage === 'accepted') ended.push({ chunk, attempt, stage });
    else notDone.push({ kind: 'not-done', chunk, message: `chunk ${chunk} is ${state.stage}` });
  });
  for (let start = 0; start < ended.length; start += PARALLEL_READS) {
    const batch = ended.slice(start, start + PARALLEL_READS);
    proven.push(...(await Promise.all(batch.map((entry) => readEnd(ledger, plan, entry)))).flat());
  }
}

interface EndedChunk {
  chunk: number;
  attempt: number;
  stage: 'verified' | 'counted' | 'accepted';
}

/** Of an accepted chunk: exactly what the target held when it was accepted, whatever attempts that came from. */
async function readEnd(ledger: Ledger, plan: TablePlan, entry: EndedChunk): Promise<ProvenChunk[]> {
  const { chunk, attempt, stage } = entry;
  if (stage !== 'accepted') return [await readProof(ledger, plan, { chunk, attempt, stage })];
  const ref = { tableId: plan.tableId, generation: plan.generation, chunk, attempt };
  const accepted = must(await ledger.read(ref, 'accepted'), `accepted receipt of chunk ${chunk}`);
  const provenVersion = accepted.body.targetVersion;
  const held = accepted.body.held.map(({ lineage, rowCount }) => ({
    chunk,
    attempt: lineageParts(BigInt(lineage)).attempt,
    rowCount,
    provenVersion,
  }));
  return held.length > 0 ? held : [{ chunk, attempt, rowCount: '0', provenVersion }];
}

async function readProof(
  ledger: Ledger,
  plan: TablePlan,
  entry: { chunk: number; attempt: number; stage: 'verified' | 'counted' },
): Promise<ProvenChunk> {
  const ref = { tableId: plan.tableId, generation: plan.generation, chunk: entry.chunk, attempt: entry.attempt };
  const first: StoredReceipt<'verified' | 'counted'> = must(
    await ledger.read(ref, entry.stage),
    `${entry.stage} receipt of chunk ${entry.chunk}`,
  );
  const later: ProofBody | null = await ledger.latestReproof(ref);
  return {
    chunk: entry.chunk,
    attempt: entry.attempt,
    rowCount: first.body.rowCounts.target,
    provenVersion: (later ?? first.body).targetVersion,
  };
}

/** Ledger against table, both ways. Pure. */
export function lineageFaults(
  proven: readonly ProvenChunk[],
  found: readonly { lineage: bigint; rowCount: string }[],
): SealFault[] {
  const faults: SealFault[] = [];
  const expected = new Map(proven.map((chunk) => [lineageOf(chunk.chunk, chunk.attempt), chunk]));
  const attempts = new Map(proven.map((chunk) => [chunk.chunk, chunk.attempt]));
  const seen = new Set<bigint>();
  for (const { lineage, rowCount } of found) {
    seen.add(lineage);
    const { chunk, attempt } = lineageParts(lineage);
    const own = expected.get(lineage);
    if (own !== undefined) {
      if (own.rowCount !== rowCount)
        faults.push({
          kind: 'count',
          chunk,
          message: `chunk ${chunk} attempt ${attempt}: proven ${counted(own.rowCount, 'row')}, found ${separated(rowCount)}`,
        });
    } else if (attempts.has(chunk)) {
      faults.push({
        kind: 'stale',
        chunk,
        message: `${counted(rowCount, 'row')} of attempt ${attempt} of chunk ${chunk}, whose proven attempt is ${attempts.get(chunk)}`,
      });
    } else {
      faults.push({
        kind: 'foreign',
        chunk: null,
        message: `${counted(rowCount, 'row')} under lineage ${lineage}, which no proven chunk has`,
      });
    }
  }
  for (const [lineage, chunk] of expected)
    if (!seen.has(lineage) && chunk.rowCount !== '0')
      faults.push({
        kind: 'missing',
        chunk: chunk.chunk,
        message: `chunk ${chunk.chunk}: proven ${counted(chunk.rowCount, 'row')}, found none`,
      });
  return faults;
}

interface Commit {
  version: string;
  operation: string;
  parameters: Record<string, string>;
  metrics: Record<string, string>;
  user: string;
}

/** Adds rows or changes no row: live appends, our own loads, upkeep, properties. Renames are not: two swap columns. */
const HARMLESS = new Set([
  'COPY INTO',
  'OPTIMIZE',
  'VACUUM START',
  'VACUUM END',
  'SET TBLPROPERTIES',
  'UNSET TBLPROPERTIES',
  'ADD COLUMNS',
  'CREATE TABLE',
  'SET TABLE COMMENT',
  'CLUSTER BY',
  'COMPUTE STATISTICS',
  'REORG',
  'UPGRADE PROTOCOL',
  'ADD CONSTRAINT',
  'DROP CONSTRAINT',
]);

/** What such a commit counts of rows that were there before (delta-io/delta delta-utility.md). */
const CHANGED_ROWS: Readonly<Record<string, readonly string[]>> = {
  MERGE: ['numTargetRowsUpdated', 'numTargetRowsDeleted'],
  UPDATE: ['numUpdatedRows'],
  DELETE: ['numDeletedRows'],
};

/** Commits since the oldest proof that may have changed hauled rows and are not ours. Pure. */
export function commitFaults(commits: readonly Commit[], proven: readonly ProvenChunk[]): SealFault[] {
  const byChunk = new Map(proven.map((chunk) => [chunk.chunk, chunk]));
  return commits
    .filter((commit) => !isHarmless(commit) && !isProvenLoad(commit, byChunk))
    .map((commit) => ({
      kind: 'foreign-commit',
      chunk: null,
      message: `version ${commit.version}: ${commit.operation} by ${commit.user || 'an unknown user'} since the oldest proof; prove the table again (lakehaul verify) to explain it`,
    }));
}

/** The log keeps 30 days by default, and a commit that is no longer listed could be anybody's. Pure. */
export function historyGap(commits: readonly { version: string }[], since: bigint, until: bigint): SealFault[] {
  const listed = new Set(commits.map((commit) => commit.version));
  let missing = 0n;
  for (let version = since + 1n; version <= until; version++) if (!listed.has(version.toString())) missing++;
  if (missing === 0n) return [];
  const message = `the history no longer tells ${missing} of the ${until - since} commits since version ${since}, the oldest proof; prove the table again (lakehaul verify)`;
  return [{ kind: 'foreign-commit', chunk: null, message }];
}

/**
 * A REPLACE or DELETE of exactly one chunk's lineage range, that the chunk's proof has seen. One that comes after it, or
 * that only mentions the column, explains nothing.
 */
function isProvenLoad(commit: Commit, proven: ReadonlyMap<number, ProvenChunk>): boolean {
  if (!/^(WRITE|DELETE|REPLACE|INSERT)/.test(commit.operation)) return false;
  const predicate = commit.parameters['predicate'] ?? '';
  if (!predicate.includes(LINEAGE_COLUMN) || /\bOR\b|<>|!=|\bNOT\b(?! NULL)/i.test(predicate)) return false;
  // Spark writes a column with its expression id behind it, `_lakehaul#123L`, and may cast the bounds.
  const plain = predicate.replace(/#\d+L?|DECIMAL\(\d+, ?\d+\)/gi, '');
  // The deadline of a DELETE (load-sql.ts), in microseconds since 1970, is beyond every lineage value.
  const numbers = [...new Set(plain.match(/(?<!\w)\d+/g) ?? [])].map(BigInt).filter((number) => number <= LAST_LINEAGE);
  const low = numbers.reduce((least, number) => (number < least ? number : least), numbers[0] ?? -1n);
  if (low < 0n || numbers.length !== 2) return false;
  const { chunk } = lineageParts(low);
  const range = lineageRange(chunk);
  const isExact = numbers.every((number) => number === range.low || number === range.high);
  const proof = proven.get(chunk);
  return isExact && proof !== undefined && BigInt(proof.provenVersion) >= BigInt(commit.version);
}

function isHarmless(commit: Commit): boolean {
  const { operation, parameters, metrics } = commit;
  if (operation === 'WRITE') return (parameters['mode'] ?? '') === 'Append' && !parameters['predicate'];
  if (operation === 'STREAMING UPDATE') return parameters['outputMode'] !== 'Complete';
  const counts = CHANGED_ROWS[operation];
  if (counts !== undefined) return counts.every((name) => metrics[name] === '0');
  return HARMLESS.has(operation);
}
