import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { LocalObjects } from '../contracts.ts';
import { SqlError } from '../databricks/sql-error.ts';
import type { CheckpointWriter } from './checkpoint.ts';
import { DeltaLog } from './log.ts';
import type { Snapshot } from './snapshot.ts';

/** Full name, already folded: the catalog keeps names in lower case and compares them so. */
export interface TableId {
  catalog: string;
  schema: string;
  table: string;
}

export interface SchemaEntry {
  catalog: string;
  schema: string;
  comment: string | null;
}

export interface TableEntry extends TableId {
  id: string;
  prefix: string;
  createdMs: number;
  owner: string;
}

export interface Table {
  entry: TableEntry;
  log: DeltaLog;
}

interface State {
  schemas: SchemaEntry[];
  tables: TableEntry[];
}

const STATE_KEY = '_metastore.json';

/** What Unity Catalog knows: schemas, and where each table's log is. One object in the warehouse bucket. */
export class Metastore {
  readonly bucket: string;
  readonly #objects: LocalObjects;
  readonly #writeCheckpoint: CheckpointWriter;
  readonly #state: State;
  readonly #logs = new Map<string, DeltaLog>();
  #saving: Promise<void> = Promise.resolve();

  private constructor(options: {
    objects: LocalObjects;
    bucket: string;
    writeCheckpoint: CheckpointWriter;
    state: State;
  }) {
    this.#objects = options.objects;
    this.bucket = options.bucket;
    this.#writeCheckpoint = options.writeCheckpoint;
    this.#state = options.state;
  }

  static async open(options: {
    objects: LocalObjects;
    bucket: string;
    catalog: string;
    writeCheckpoint: CheckpointWriter;
  }): Promise<Metastore> {
    const body = await options.objects.read(options.bucket, STATE_KEY);
    const state: State = body
      ? (JSON.parse(Buffer.from(body).toString('utf8')) as State)
      : { schemas: [{ catalog: options.catalog.toLowerCase(), schema: 'default', comment: null }], tables: [] };
    return new Metastore({ ...options, state });
  }

  catalogs(): string[] {
    return [...new Set(this.#state.schemas.map((entry) => entry.catalog))].sort();
  }

  schemas(catalog: string): SchemaEntry[] {
    return this.#state.schemas.filter((entry) => entry.catalog === catalog.toLowerCase());
  }

  hasSchema(catalog: string, schema: string): boolean {
    return this.schemas(catalog).some((entry) => entry.schema === schema.toLowerCase());
  }

  tables(catalog: string, schema?: string): TableEntry[] {
    return this.#state.tables.filter(
      (entry) =>
        entry.catalog === catalog.toLowerCase() && (schema === undefined || entry.schema === schema.toLowerCase()),
    );
  }

  async createSchema(entry: SchemaEntry): Promise<void> {
    if (!this.catalogs().includes(entry.catalog.toLowerCase()))
      throw new SqlError('NO_SUCH_CATALOG_EXCEPTION', '42704', `Catalog '${entry.catalog}' was not found.`);
    this.#state.schemas.push({
      catalog: entry.catalog.toLowerCase(),
      schema: entry.schema.toLowerCase(),
      comment: entry.comment,
    });
    await this.#save();
  }

  async dropSchema(catalog: string, schema: string): Promise<void> {
    remove(this.#state.schemas, (entry) => entry.catalog === catalog && entry.schema === schema);
    await this.#save();
  }

  /** The table with its log read up to now; null when there is none of that name. */
  async find(id: TableId): Promise<Table | null> {
    const entry = this.#state.tables.find((candidate) => sameTable(candidate, id));
    if (!entry) return null;
    const log = this.#logOf(entry);
    await log.refresh();
    return { entry, log };
  }

  /** What is known of a table without reading its log again; null before its first use. */
  peek(entry: TableEntry): Snapshot | null {
    return this.#logs.get(entry.id)?.snapshot() ?? null;
  }

  /** A log without commits and not yet found by name: `register` does that after its first commit. */
  newTable(id: TableId, owner: string, nowMs: number): Table {
    const tableId = randomUUID();
    const folded = {
      catalog: id.catalog.toLowerCase(),
      schema: id.schema.toLowerCase(),
      table: id.table.toLowerCase(),
    };
    const prefix = `${safe(folded.catalog)}/${safe(folded.schema)}/${tableId}/`;
    const entry = { ...folded, id: tableId, prefix, createdMs: nowMs, owner };
    return { entry, log: this.#logOf(entry) };
  }

  /** When two create the same table at once, the first to register wins. */
  async register(table: Table, ifNotExists: boolean): Promise<void> {
    const isTaken = this.#state.tables.some((candidate) => sameTable(candidate, table.entry));
    if (isTaken && ifNotExists) return;
    if (isTaken)
      throw new SqlError('TABLE_OR_VIEW_ALREADY_EXISTS', '42P07', `Table ${table.entry.table} already exists.`);
    this.#state.tables.push(table.entry);
    await this.#save();
  }

  /** Forgets the table; what it was made of is removed, its COPY INTO state with it. */
  async drop(table: Table): Promise<void> {
    remove(this.#state.tables, (entry) => entry.id === table.entry.id);
    this.#logs.delete(table.entry.id);
    await this.#save();
    const keys = this.#objects.list(this.bucket, table.entry.prefix).map((object) => object.key);
    await this.#objects.remove(this.bucket, keys);
  }

  #logOf(entry: TableEntry): DeltaLog {
    const known = this.#logs.get(entry.id);
    if (known) return known;
    const log = new DeltaLog({
      objects: this.#objects,
      location: { bucket: this.bucket, prefix: entry.prefix },
      writeCheckpoint: this.#writeCheckpoint,
    });
    this.#logs.set(entry.id, log);
    return log;
  }

  #save(): Promise<void> {
    this.#saving = this.#saving.then(() =>
      this.#objects.write(this.bucket, STATE_KEY, Buffer.from(JSON.stringify(this.#state, null, 1))),
    );
    return this.#saving;
  }
}

function sameTable(left: TableId, right: TableId): boolean {
  return (
    left.catalog === right.catalog.toLowerCase() &&
    left.schema === right.schema.toLowerCase() &&
    left.table === right.table.toLowerCase()
  );
}

/** Object keys stay ASCII whatever the names are; the table's own directory is a UUID anyway. */
function safe(name: string): string {
  return name.replace(/[^a-z0-9_]/g, (character) => `-${character.codePointAt(0)?.toString(16)}-`);
}

function remove<T>(list: T[], matches: (item: T) => boolean): void {
  const kept = list.filter((item) => !matches(item));
  list.splice(0, list.length, ...kept);
}
