/**
 * Whether a drill lost, doubled or touched anything. It asks the oracle, which reads Delta log and Parquet files by
 * itself, and the ledger's claims as they lie in the bucket; nothing of it is the verifier's.
 */
import {
  type BucketFiles,
  type Comparison,
  compareTables,
  openCopy,
  readActiveTable,
  type Sandbox,
} from '@lakehaul/sandbox';
import { type ChunkClaim, isVerified, type LedgerFiles, plannedChunks, readClaims } from './ledger-claims.ts';
import { expectedLiveRows } from './live-rows.ts';

export interface JudgedTable {
  schema: string;
  table: string;
  /** Key prefix of the migration's ledger. */
  ledgerRoot: string;
}

export interface Verdict {
  hauled: Comparison;
  live: Comparison;
  /** Chunks that the ledger called verified while their rows were not equal, at any look. */
  falselyVerified: readonly number[];
}

export interface Judge extends AsyncDisposable {
  /** Compares every chunk that was called verified since the last look, as it is in the target now. */
  look(): Promise<void>;
  verdict(liveWritten: number): Promise<Verdict>;
}

const LEDGER_BUCKET = 'lakehaul-ledger';
const WAREHOUSE_BUCKET = 'lakehaul-warehouse';

export function bucketFiles(clouds: Sandbox, bucket: string): LedgerFiles {
  return {
    list: (prefix) => clouds.objects.list(bucket, prefix),
    pathOf: (key) => {
      const path = clouds.objects.pathOf(bucket, key);
      if (path === null) throw new Error(`no object ${key}`);
      return path;
    },
  };
}

export function ledgerFiles(clouds: Sandbox): LedgerFiles {
  return bucketFiles(clouds, LEDGER_BUCKET);
}

/** The source does not change during a drill, so one copy of it serves all looks. */
export async function openJudge(clouds: Sandbox, judged: JudgedTable): Promise<Judge> {
  const source = await openCopy(clouds.sourceDatabaseFile);
  const warehouse: BucketFiles = bucketFiles(clouds, WAREHOUSE_BUCKET);
  const ledger = ledgerFiles(clouds);
  const seen = new Map<number, number>();
  const falselyVerified = new Set<number>();
  const sourceSql = `source."${judged.schema}"."${judged.table}"`;
  const target = () => readActiveTable(warehouse, clouds.tablePrefix('main', judged.schema, judged.table));
  const claims = () => readClaims(ledger, judged.ledgerRoot).chunks;

  async function areEqual(chunks: readonly number[], where: ReadonlyMap<number, string>): Promise<boolean> {
    const compared = await compareTables({
      connection: source.connection,
      sourceSql,
      sourceWhere: chunks.map((chunk) => `(${where.get(chunk) ?? 'FALSE'})`).join(' OR '),
      target: target(),
      lineageColumn: '_lakehaul',
      chunks,
    });
    return compared.missing === 0n && compared.extra === 0n;
  }

  /** A claim that was taken back between the two readings is no false one. */
  const stillClaims = (chunk: number, claim: ChunkClaim): boolean => {
    const now = claims().get(chunk);
    return now !== undefined && now.attempt === claim.attempt && isVerified(now);
  };

  async function look(): Promise<void> {
    const fresh = [...claims()].filter(([chunk, claim]) => isVerified(claim) && seen.get(chunk) !== claim.attempt);
    if (fresh.length === 0) return;
    const where = plannedChunks(ledger, judged.ledgerRoot);
    for (const [chunk, claim] of fresh) seen.set(chunk, claim.attempt);
    if (
      await areEqual(
        fresh.map(([chunk]) => chunk),
        where,
      )
    )
      return;
    for (const [chunk, claim] of fresh)
      if (!(await areEqual([chunk], where)) && stillClaims(chunk, claim)) falselyVerified.add(chunk);
  }

  return {
    look,
    async verdict(liveWritten) {
      // Every verified chunk once more, as it is in the end: a late commit must not have changed it since.
      seen.clear();
      await look();
      const common = { connection: source.connection, target: target(), lineageColumn: '_lakehaul' };
      return {
        hauled: await compareTables({ ...common, sourceSql }),
        live: await compareTables({ ...common, sourceSql: `(${expectedLiveRows(liveWritten)})`, targetRows: 'live' }),
        falselyVerified: [...falselyVerified].sort((a, b) => a - b),
      };
    },
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}
