import { Buffer } from 'node:buffer';
import type { LocalObjects } from '../contracts.ts';
import type { Action, AddFile, CommitInfo, MetaData, Protocol } from './actions.ts';
import { CHECKPOINT_EVERY, type CheckpointWriter } from './checkpoint.ts';
import { checkConflicts, type Transaction } from './conflicts.ts';
import { type DeltaColumn, parseSchema } from './schema.ts';
import type { Commit, Snapshot, TableLocation } from './snapshot.ts';
import { type FileStats, parseStats } from './stats.ts';

/** A data file with the versions between which it is part of the table: time travel is a filter, not a replay. */
export interface FileRecord {
  add: AddFile;
  addedAt: number;
  removedAt: number | null;
}

const COPY_LOG = '_delta_log/_copy_into_log/';

/** One table's log: read incrementally, appended by create-once put. */
export class DeltaLog {
  readonly location: TableLocation;
  readonly #objects: LocalObjects;
  readonly #writeCheckpoint: CheckpointWriter;
  readonly #records: FileRecord[] = [];
  readonly #active = new Map<string, FileRecord>();
  readonly #metaData: { version: number; value: MetaData; columns: DeltaColumn[] }[] = [];
  readonly #protocols: { version: number; value: Protocol }[] = [];
  readonly #commits: Commit[] = [];
  readonly #loaded = new Set<string>();
  readonly #stats = new WeakMap<AddFile, FileStats>();
  #queue: Promise<unknown> = Promise.resolve();
  #reads: Promise<unknown> = Promise.resolve();

  constructor(options: { objects: LocalObjects; location: TableLocation; writeCheckpoint: CheckpointWriter }) {
    this.#objects = options.objects;
    this.location = options.location;
    this.#writeCheckpoint = options.writeCheckpoint;
  }

  get version(): number {
    return this.#commits.length - 1;
  }

  /**
   * Reads the commits that came since the last call. One pass at a time: two that read the same commit would both apply
   * it, and the table would hold its rows twice. Who comes during a pass gets one of its own, so that it sees all.
   */
  refresh(): Promise<void> {
    const pass = this.#reads.then(() => this.#readNew());
    this.#reads = pass.catch(() => undefined);
    return pass;
  }

  async #readNew(): Promise<void> {
    while (true) {
      const body = await this.#objects.read(this.location.bucket, this.#commitKey(this.version + 1));
      if (!body) return;
      const lines = Buffer.from(body).toString('utf8').split('\n');
      await this.#apply(lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Action));
    }
  }

  /** Null for a version that the table does not have. */
  snapshot(version: number = this.version): Snapshot | null {
    if (version < 0 || version > this.version) return null;
    const meta = this.#metaData.findLast((entry) => entry.version <= version);
    const protocol = this.#protocols.findLast((entry) => entry.version <= version);
    if (!meta || !protocol) return null;
    const files =
      version === this.version
        ? [...this.#active.values()]
        : this.#records.filter(
            (file) => file.addedAt <= version && (file.removedAt === null || file.removedAt > version),
          );
    return {
      version,
      metaData: meta.value,
      protocol: protocol.value,
      columns: meta.columns,
      files: files.map((file) => file.add),
    };
  }

  /** The last version committed at or before a time; null before the first. */
  versionAt(timestampMs: number): number | null {
    return this.#commits.findLast((commit) => commit.info.timestamp <= timestampMs)?.version ?? null;
  }

  commits(): readonly Commit[] {
    return this.#commits;
  }

  statsOf(file: AddFile): FileStats | null {
    const known = this.#stats.get(file);
    if (known) return known;
    if (file.stats === undefined) return null;
    const stats = parseStats(file.stats);
    this.#stats.set(file, stats);
    return stats;
  }

  /** Was this source file (its URL) loaded by a COPY INTO of this table, by path alone, even if it changed since? */
  hasLoaded(url: string): boolean {
    return this.#loaded.has(url);
  }

  pathOf(file: AddFile): string | null {
    return this.#objects.pathOf(this.location.bucket, this.location.prefix + decodeURIComponent(file.path));
  }

  keyOf(path: string): string {
    return this.location.prefix + path;
  }

  /**
   * Appends the transaction as the next version, or throws the conflict. Commits of one table stand in line here; the
   * create-once put decides should another process write the same log.
   */
  commit(transaction: Transaction): Promise<number> {
    const turn = this.#queue.then(() => this.#commitNow(transaction));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #commitNow(transaction: Transaction): Promise<number> {
    while (true) {
      await this.refresh();
      const since = this.#commits.slice(transaction.readVersion + 1);
      checkConflicts(transaction, since, (file) => this.statsOf(file));
      const actions = transaction.build({ hasLoaded: (url) => this.hasLoaded(url) });
      const version = this.version + 1;
      const info = actions[0]?.commitInfo;
      if (info && transaction.copiedUrls.length > 0) {
        info.copyIntoLog = `${info.txnId}.json`;
        // Written before the commit that names it: a list without its commit counts for nothing.
        await this.#write(`${COPY_LOG}${info.copyIntoLog}`, JSON.stringify(transaction.copiedUrls));
      }
      transaction.signal.throwIfAborted();
      const body = Buffer.from(`${actions.map((action) => JSON.stringify(action)).join('\n')}\n`);
      if (await this.#objects.writeIfAbsent(this.location.bucket, this.#commitKey(version), body)) {
        // From the log, like everybody: another pass may have applied it already.
        await this.refresh();
        // The commit stands whatever becomes of its checkpoint, which only shortens other readers' way.
        await this.#maybeCheckpoint(version).catch(() => undefined);
        return version;
      }
    }
  }

  async #maybeCheckpoint(version: number): Promise<void> {
    if (version === 0 || version % CHECKPOINT_EVERY !== 0) return;
    const snapshot = this.snapshot(version);
    if (!snapshot) return;
    const domains = this.#commits.flatMap((commit) => commit.actions.flatMap((action) => action.domainMetadata ?? []));
    const latest = new Map(domains.map((domain) => [domain.domain, domain]));
    await this.#writeCheckpoint({
      snapshot,
      domains: [...latest.values()].filter((domain) => !domain.removed),
      objects: this.#objects,
      location: this.location,
    });
  }

  async #apply(actions: readonly Action[]): Promise<void> {
    const version = this.version + 1;
    let info: CommitInfo | undefined;
    for (const action of actions) {
      if (action.commitInfo) info = action.commitInfo;
      if (action.protocol) this.#protocols.push({ version, value: action.protocol });
      if (action.metaData) {
        const columns = parseSchema(action.metaData.schemaString);
        this.#metaData.push({ version, value: action.metaData, columns });
      }
      if (action.remove) {
        const record = this.#active.get(action.remove.path);
        if (record) record.removedAt = version;
        this.#active.delete(action.remove.path);
      }
      if (action.add) {
        const record: FileRecord = { add: action.add, addedAt: version, removedAt: null };
        this.#records.push(record);
        this.#active.set(action.add.path, record);
      }
    }
    if (info?.copyIntoLog !== undefined) await this.#readCopyLog(info.copyIntoLog);
    this.#commits.push({ version, info: info ?? UNKNOWN_COMMIT, actions });
  }

  async #readCopyLog(name: string): Promise<void> {
    const key = `${this.location.prefix}${COPY_LOG}${name}`;
    const body = await this.#objects.read(this.location.bucket, key);
    if (!body) return;
    for (const url of JSON.parse(Buffer.from(body).toString('utf8')) as string[]) this.#loaded.add(url);
  }

  #write(path: string, text: string): Promise<void> {
    return this.#objects.write(this.location.bucket, this.location.prefix + path, Buffer.from(text));
  }

  #commitKey(version: number): string {
    return `${this.location.prefix}_delta_log/${String(version).padStart(20, '0')}.json`;
  }
}

/** Foreign writers may leave commitInfo out. */
const UNKNOWN_COMMIT: CommitInfo = {
  timestamp: 0,
  userId: '',
  userName: 'unknown',
  operation: 'UNKNOWN',
  operationParameters: {},
  isolationLevel: 'WriteSerializable',
  isBlindAppend: false,
  operationMetrics: {},
  engineInfo: '',
  txnId: '',
  statementId: '',
};
