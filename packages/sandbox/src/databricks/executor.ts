import type { Engine, Faults, LocalObjects } from '../contracts.ts';
import { Metastore } from '../delta/metastore.ts';
import { checkpointWriter } from '../delta/write-checkpoint.ts';
import { emitQuery, MACROS, type Query, type StatementBody } from '../sql/index.ts';
import { namedParameters, parseStatement, translated } from './front-end.ts';
import { done, type Run } from './run.ts';
import { alterTable, commentOn } from './run-alter.ts';
import { copyInto } from './run-copy-into.ts';
import { createSchema, createTable, drop } from './run-create.ts';
import { describe } from './run-describe.ts';
import { deleteRows, truncateTable, updateRows } from './run-dml.ts';
import { insert } from './run-insert.ts';
import { optimize } from './run-optimize.ts';
import { show } from './run-show.ts';
import { emitOptions, prepareSources } from './scope.ts';
import { resetSetting, setSetting } from './session.ts';
import { SqlError } from './sql-error.ts';
import type { DatabricksSwitches } from './switches.ts';
import { wireTypeOf } from './types.ts';
import { resultFromDuckDB, resultOf } from './values.ts';
import type { Outcome, Statement } from './warehouse.ts';

export interface ExecutorOptions {
  engine: Engine;
  objects: LocalObjects;
  faults: Faults;
  switches: DatabricksSwitches;
  nowMs(): number;
}

/** Runs one statement at a time per call, each on a DuckDB connection of its own. */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #metastore: Metastore;

  private constructor(options: ExecutorOptions, metastore: Metastore) {
    this.#options = options;
    this.#metastore = metastore;
  }

  static async open(options: ExecutorOptions): Promise<Executor> {
    const { engine, objects, switches } = options;
    if (!objects.bucketExists(switches.bucket))
      throw new SqlError('NO_SUCH_BUCKET', '42K03', `The bucket ${switches.bucket} of managed tables does not exist.`);
    await installMacros(engine);
    const metastore = await Metastore.open({
      objects,
      bucket: switches.bucket,
      catalog: switches.catalog,
      writeCheckpoint: checkpointWriter(engine),
    });
    return new Executor(options, metastore);
  }

  async execute(statement: Statement): Promise<Outcome> {
    const lease = await this.#options.engine.acquire();
    const interrupt = (): void => lease.connection.interrupt();
    statement.signal.addEventListener('abort', interrupt, { once: true });
    try {
      statement.signal.throwIfAborted();
      const run: Run = {
        statement,
        session: statement.session,
        connection: lease.connection,
        metastore: this.#metastore,
        objects: this.#options.objects,
        faults: this.#options.faults,
        switches: this.#options.switches,
        nowMs: this.#options.nowMs(),
        parameters: namedParameters(statement.parameters),
        seen: new Map(),
        files: new Map(),
        scans: [],
      };
      return await dispatch(run, parseStatement(statement.text).body);
    } catch (error) {
      throw translated(error);
    } finally {
      statement.signal.removeEventListener('abort', interrupt);
      lease.release();
    }
  }
}

/** What emitted SQL calls. Connections share the instance's own database, which is on every search path. */
async function installMacros(engine: Engine): Promise<void> {
  const lease = await engine.acquire();
  try {
    for (const macro of MACROS) await lease.connection.run(macro);
  } finally {
    lease.release();
  }
}

function dispatch(run: Run, body: StatementBody): Promise<Outcome> | Outcome {
  switch (body.kind) {
    case 'query':
      return select(run, body);
    case 'insert':
      return insert(run, body);
    case 'copy-into':
      return copyInto(run, body);
    case 'update':
      return updateRows(run, body);
    case 'delete':
      return deleteRows(run, body);
    case 'truncate':
      return truncateTable(run, body);
    case 'create-table':
      return createTable(run, body);
    case 'create-schema':
      return createSchema(run, body);
    case 'drop':
      return drop(run, body);
    case 'alter-table':
      return alterTable(run, body);
    case 'comment-on':
      return commentOn(run, body);
    case 'describe':
      return describe(run, body);
    case 'optimize':
      return optimize(run, body);
    case 'show-properties':
    case 'show-tables':
    case 'show-views':
    case 'show-schemas':
    case 'show-catalogs':
    case 'show-columns':
    case 'show-create-table':
      return show(run, body);
    case 'explain':
      return explain(run, body.statement.body);
    case 'set':
      return set(run, body.key, body.value);
    case 'show-setting':
      return showSetting(run, body.key);
    case 'use':
      return use(run, body);
    default:
      throw new SqlError('SANDBOX_UNSUPPORTED', '0A000', `This warehouse does not run ${body.kind} statements.`);
  }
}

async function select(run: Run, query: Query): Promise<Outcome> {
  await prepareSources(run, query);
  const emitted = emitQuery(query, emitOptions(run));
  const reader = await run.connection.runAndReadAll(emitted.sql);
  const result = resultFromDuckDB(
    reader,
    emitted.columns.map((column) => ({ name: column.name, type: wireTypeOf(column.type) })),
  );
  return { result, modifiedRows: null, rowsRead: BigInt(result.rowCount) };
}

/** The engine's own plan: enough to see which files are read, not Photon's text. */
async function explain(run: Run, body: StatementBody): Promise<Outcome> {
  if (body.kind !== 'query') return done(resultOf([['plan', 'STRING']], [[`== Physical Plan ==\n${body.kind}`]]));
  await prepareSources(run, body);
  const reader = await run.connection.runAndReadAll(`EXPLAIN ${emitQuery(body, emitOptions(run)).sql}`);
  const plan = reader.getRowsJson().map((row) => String(row[1]));
  return done(resultOf([['plan', 'STRING']], [[`== Physical Plan ==\n${[...plan, ...run.scans].join('\n')}`]]));
}

function set(run: Run, key: string, value: string | null): Outcome {
  if (value === null) resetSetting(run.session.settings, key);
  else setSetting(run.session.settings, key, value);
  return showSetting(run, key);
}

function showSetting(run: Run, key: string | null): Outcome {
  const settings = [...run.session.settings].filter(([name]) => key === null || name === key.toUpperCase());
  return done(
    resultOf(
      [
        ['key', 'STRING'],
        ['value', 'STRING'],
      ],
      settings,
    ),
  );
}

function use(run: Run, body: Extract<StatementBody, { kind: 'use' }>): Outcome {
  const [schema = '', catalog = run.session.catalog] = [...body.name].reverse();
  if (body.object === 'catalog') {
    if (!run.metastore.catalogs().includes(schema.toLowerCase()))
      throw new SqlError('NO_SUCH_CATALOG_EXCEPTION', '42704', `Catalog '${schema}' was not found.`);
    Object.assign(run.session, { catalog: schema, schema: 'default' });
    return done();
  }
  if (!run.metastore.hasSchema(catalog, schema))
    throw new SqlError('SCHEMA_NOT_FOUND', '42704', `The schema ${catalog}.${schema} cannot be found.`);
  Object.assign(run.session, { catalog, schema });
  return done();
}
