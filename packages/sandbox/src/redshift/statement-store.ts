import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { notFound } from './service-error.ts';
import type { RedshiftSwitches } from './switches.ts';

export type StatementState = 'SUBMITTED' | 'PICKED' | 'STARTED' | 'FINISHED' | 'FAILED' | 'ABORTED';

export interface SubStatement {
  sql: string;
  status: StatementState;
  error: string | null;
  createdAtMs: number;
  updatedAtMs: number;
  durationMs: number;
  queryId: number;
  /** -1 when the statement has no result. */
  resultRows: number;
  resultSizeBytes: number;
  hasResultSet: boolean;
}

export interface StatementRecord {
  id: string;
  statementName: string | null;
  clientToken: string | null;
  /** Digest of what the call asked for, to notice a token that comes again with something else. */
  bodyDigest: string;
  isBatch: boolean;
  executionMode: 'TRANSACTION' | 'AUTO_COMMIT';
  resultFormat: 'JSON' | 'CSV';
  parameters: { name: string; value: string }[];
  clusterIdentifier: string | null;
  workgroupName: string | null;
  database: string;
  dbUser: string;
  secretArn: string | null;
  createdAtMs: number;
  updatedAtMs: number;
  status: StatementState;
  error: string | null;
  pid: number;
  subs: SubStatement[];
}

export function isTerminal(status: StatementState): boolean {
  return status === 'FINISHED' || status === 'FAILED' || status === 'ABORTED';
}

/**
 * Statements by id, kept on disk: what has ended is still known after a restart, what was running then is ABORTED
 * (its transaction died with the process). Results are files beside it, see results.ts.
 */
export class StatementStore {
  readonly resultDirectory: string;
  private readonly directory: string;
  private readonly switches: RedshiftSwitches;
  private readonly records = new Map<string, StatementRecord>();
  private readonly waiters = new Map<string, Set<() => void>>();
  private readonly writes = new Map<string, Promise<void>>();

  constructor(directory: string, switches: RedshiftSwitches) {
    this.directory = join(directory, 'statements');
    this.resultDirectory = join(directory, 'results');
    this.switches = switches;
  }

  nowMs(): number {
    return Date.now() + this.switches.timeOffsetMs;
  }

  async open(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    await mkdir(this.resultDirectory, { recursive: true });
    for (const name of await readdir(this.directory)) {
      if (!name.endsWith('.json')) continue;
      const record = JSON.parse(await readFile(join(this.directory, name), 'utf8')) as StatementRecord;
      this.records.set(record.id, record);
      if (!isTerminal(record.status)) await this.save(abortedByRestart(record, this.nowMs()));
    }
  }

  /** Every statement that is still remembered, newest first. */
  all(): StatementRecord[] {
    this.forgetExpired();
    return [...this.records.values()].sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1));
  }

  get(id: string): StatementRecord {
    this.forgetExpired();
    const record = this.records.get(id);
    if (!record) throw notFound('Query does not exist.', id);
    return record;
  }

  byToken(token: string): StatementRecord | null {
    const oldestMs = this.nowMs() - this.switches.tokenKeptMs;
    for (const record of this.records.values())
      if (record.clientToken === token && record.createdAtMs > oldestMs) return record;
    return null;
  }

  activeCount(): number {
    let count = 0;
    for (const record of this.records.values()) if (!isTerminal(record.status)) count += 1;
    return count;
  }

  isResultExpired(record: StatementRecord): boolean {
    return isTerminal(record.status) && record.updatedAtMs + this.switches.resultKeptMs <= this.nowMs();
  }

  /** Remembers the record's present state and wakes who waits for its end. */
  async save(record: StatementRecord): Promise<void> {
    this.records.set(record.id, record);
    if (isTerminal(record.status)) for (const wake of this.waiters.get(record.id) ?? []) wake();
    const before = this.writes.get(record.id) ?? Promise.resolve();
    const write = before.then(() => this.write(record));
    this.writes.set(record.id, write);
    await write;
    if (this.writes.get(record.id) === write) this.writes.delete(record.id);
  }

  waiterCount(id: string): number {
    return this.waiters.get(id)?.size ?? 0;
  }

  /** Resolves when the statement has ended, or after the time. */
  async waitForEnd(id: string, waitMs: number): Promise<void> {
    const record = this.records.get(id);
    if (!record || isTerminal(record.status) || waitMs <= 0) return;
    const waiting = this.waiters.get(id) ?? new Set();
    this.waiters.set(id, waiting);
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, waitMs);
      waiting.add(wake);
    });
    if (waiting.size === 0) this.waiters.delete(id);
  }

  /** Ends all waits, and waits for the files. */
  async close(): Promise<void> {
    for (const waiting of [...this.waiters.values()]) for (const wake of [...waiting]) wake();
    await Promise.all(this.writes.values());
  }

  private async write(record: StatementRecord): Promise<void> {
    const path = join(this.directory, `${record.id}.json`);
    await writeFile(`${path}.new`, JSON.stringify(record));
    await rename(`${path}.new`, path);
  }

  private forgetExpired(): void {
    const oldestMs = this.nowMs() - Math.max(this.switches.statementKeptMs, this.switches.tokenKeptMs);
    for (const record of this.records.values()) {
      if (!isTerminal(record.status) || record.updatedAtMs > oldestMs) continue;
      this.records.delete(record.id);
      void rm(join(this.directory, `${record.id}.json`), { force: true });
      for (let index = 1; index <= record.subs.length; index += 1)
        void rm(join(this.resultDirectory, `${record.id}-${index}`), { force: true });
    }
  }
}

function abortedByRestart(record: StatementRecord, nowMs: number): StatementRecord {
  const error = 'ERROR: terminating connection due to administrator command';
  const ended = { status: 'ABORTED' as const, error, updatedAtMs: nowMs };
  return { ...record, ...ended, subs: record.subs.map((sub) => (isTerminal(sub.status) ? sub : { ...sub, ...ended })) };
}
