/**
 * What is unconfirmed about the real service, what differs between clusters, and quotas. The object is read at every
 * use, so a test may change it while the server runs.
 */
export interface RedshiftSwitches {
  clusterIdentifiers: string[];
  workgroupNames: string[];
  database: string;
  /** Null accepts any user name that a call brings. */
  dbUsers: string[] | null;
  /** Null accepts any secret. */
  secretArns: string[] | null;
  /** IAM roles that UNLOAD may assume; null accepts any. */
  unloadRoleArns: string[] | null;
  /** Buckets that those roles may not write to. */
  deniedBuckets: string[];
  /** Statements that execute at the same time; the rest is queued (manual WLM: default 5, at most 50). */
  wlmSlots: number;
  /** Between a statement being taken and its start: SUBMITTED, PICKED, STARTED. */
  pickDelayMs: number;
  activeStatementsMax: number;
  /** Documented: 100 KB in 2023, 200 KB by a later note. */
  statementBytesMax: number;
  batchStatementsMax: number;
  /** DescribeStatement calls that may wait for one statement. */
  waitersPerStatementMax: number;
  tokenKeptMs: number;
  resultKeptMs: number;
  statementKeptMs: number;
  /** The same ClientToken with another body: the service's answer is not documented. */
  tokenWithOtherBody: 'return-first' | 'reject';
  /** An UNLOAD of no rows to Parquet: the real outcome is not confirmed. */
  zeroRowUnload: 'nothing' | 'empty-manifest';
  /** Calls per second and operation; an operation without an entry is not throttled. */
  callsPerSecond: Record<string, number>;
  /** `||` beyond the longest VARCHAR: not documented. */
  longConcatenation: 'allow' | 'fail';
  resultBytesMax: number;
  rowBytesMax: number;
  resultPageRows: number;
  /** The SYS views tell of what happened only so much later; how long it takes is not documented. */
  historyLagMs: number;
  /** Documented: seven days (developer guide, cm_chap_system-tables). */
  historyKeptMs: number;
  /** Users without SYSLOG ACCESS UNRESTRICTED: they see their own statements only. */
  restrictedUsers: string[];
  /** Users that may read SYS_TRANSACTION_HISTORY (superusers, or granted); null = everybody. */
  transactionHistoryUsers: string[] | null;
  /**
   * What production feels of us: every statement that needs a slot waits so long in the queue for each UNLOAD at once
   * beyond `freeUnloads`. Ten times the wait is ten times the pain, and fewer UNLOADs are less of it.
   */
  queuePain: { waitMs: number; freeUnloads: number };
  /** STV_NODE_STORAGE_CAPACITY, a row a node, in blocks of 1 MB. */
  nodeStorage: { used: number; capacity: number }[];
  /** STV_SLICES: slices of each node. Users without rights see none of them. */
  nodeSlices: number[];
  /** Added to the real time wherever ages count: tests move it forward instead of waiting. */
  timeOffsetMs: number;
}

const HOUR_MS = 3_600_000;

export function defaultSwitches(): RedshiftSwitches {
  return {
    clusterIdentifiers: ['sandbox'],
    workgroupNames: ['sandbox'],
    database: 'dev',
    dbUsers: null,
    secretArns: null,
    unloadRoleArns: null,
    deniedBuckets: [],
    wlmSlots: 5,
    pickDelayMs: 0,
    activeStatementsMax: 500,
    statementBytesMax: 100_000,
    batchStatementsMax: 40,
    waitersPerStatementMax: 100,
    tokenKeptMs: 8 * HOUR_MS,
    resultKeptMs: 24 * HOUR_MS,
    statementKeptMs: 24 * HOUR_MS,
    tokenWithOtherBody: 'return-first',
    zeroRowUnload: 'nothing',
    callsPerSecond: {},
    longConcatenation: 'allow',
    resultBytesMax: 500 * 1024 * 1024,
    rowBytesMax: 64 * 1024,
    resultPageRows: 1000,
    historyLagMs: 0,
    historyKeptMs: 7 * 24 * HOUR_MS,
    restrictedUsers: [],
    transactionHistoryUsers: null,
    queuePain: { waitMs: 0, freeUnloads: 1 },
    nodeStorage: [
      { used: 30_597, capacity: 400_000 },
      { used: 27_089, capacity: 400_000 },
    ],
    nodeSlices: [2, 2],
    timeOffsetMs: 0,
  };
}

/** Rates that people remember of the real service; not found in any stored page, hence not the default. */
export const REMEMBERED_CALLS_PER_SECOND: Readonly<Record<string, number>> = {
  BatchExecuteStatement: 20,
  CancelStatement: 3,
  DescribeStatement: 100,
  DescribeTable: 3,
  ExecuteStatement: 30,
  GetStatementResult: 20,
  ListDatabases: 3,
  ListSchemas: 3,
  ListStatements: 3,
  ListTables: 3,
};
