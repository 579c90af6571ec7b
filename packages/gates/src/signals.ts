/** What the gates judge: numbers and facts, gathered by packages/operate from the ledger. Ages by S3's clock. */
export interface TableEvidence {
  table: string;
  tableId: string;
  chunks: number;
  done: number;
  mismatched: number;
  quarantined: number;
  /** Chunks that a person took as they are: never proven. */
  accepted: number;
  /** Why no attempt of the table is opened any more; null when it is not stopped. */
  stop: { code: StopCode; reason: string; next: string } | null;
  /** Loss or exclusions that nobody acknowledged; planning refuses them, so a number here means a changed configuration. */
  unacknowledged: number;
  seal: { isSealed: boolean; isCurrent: boolean; faultCount: number; firstFault: string } | null;
  /** Rows at or beyond it are nobody's yet; null when the generations cover every key. */
  openWatermark: string | null;
  /** What the write log says since the table's oldest proof; null while chunks are open, which will be read anyway. */
  writes: TableWritesEvidence | null;
}

export interface TableWritesEvidence {
  kind: 'unwritten' | 'written' | 'open-transaction' | 'gap';
  detail: string;
  /** Proven by counts only: no probe can say what a write changed. */
  isProbeable: boolean;
}

/** The write log as a whole. Ages by S3's clock. */
export interface WriteLogEvidence {
  ageMs: number;
  staleAfterMs: number;
  /**
   * The log reaches past the newest proof. Where it does not, a row may have moved from a chunk that was read late to one that
   * was read early, and be in neither: the target equals no moment of the source, and nobody knows yet.
   */
  isPastNewestProof: boolean;
}

export interface Signals {
  tables: readonly TableEvidence[];
  /** Null when the source's history was never looked at. */
  writeLog: WriteLogEvidence | null;
  /** Null until the baseline benchmark has run. */
  performance: { ratioUpperBound: number; limit: number } | null;
  /** Null until the scheduled queries have been validated. */
  queries: { total: number; validated: number } | null;
}

export type StopCode = 'SYSTEMIC_CAUSE' | 'SCHEMA_DRIFT' | 'ROW_SECURITY';
