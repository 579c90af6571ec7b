import { SOURCE_CATALOG } from '../engine.ts';
import { engineName, OWN_SCHEMA, rows } from './catalogue.ts';
import type { QueryEntry } from './query-history.ts';
import { quoteLiteral } from './quote.ts';
import type { Session } from './session.ts';
import type { SystemRelation } from './system-relation.ts';
import { TABLE_INFO_TEMP } from './system-relations-monitoring.ts';

/** Puts what only the process knows into a temporary table of the session's connection. */
export async function fillSystemRelation(session: Session, fill: SystemRelation['fill']): Promise<void> {
  if (fill === 'query-history') await fillQueryHistory(session);
  if (fill === 'transactions') await fillTransactions(session);
  if (fill === 'users') await fillUsers(session);
  if (fill === 'table-info') await fillTableInfo(session);
}

const HISTORY_SHAPE = JSON.stringify([
  {
    queryId: 'BIGINT',
    transactionId: 'BIGINT',
    sessionId: 'BIGINT',
    userId: 'BIGINT',
    databaseName: 'VARCHAR',
    queryType: 'VARCHAR',
    queryLabel: 'VARCHAR',
    status: 'VARCHAR',
    startMicros: 'BIGINT',
    endMicros: 'BIGINT',
    elapsedMicros: 'BIGINT',
    queueMicros: 'BIGINT',
    executionMicros: 'BIGINT',
    returnedRows: 'BIGINT',
    returnedBytes: 'BIGINT',
    errorMessage: 'VARCHAR',
    queryText: 'VARCHAR',
    unload: {
      format: 'VARCHAR',
      location: 'VARCHAR',
      rowCount: 'BIGINT',
      files: [{ url: 'VARCHAR', rowCount: 'BIGINT', sizeBytes: 'BIGINT' }],
    },
    steps: [{ name: 'VARCHAR', tableId: 'BIGINT', tableName: 'VARCHAR', rowCount: 'BIGINT' }],
  },
]);

/** query_text is char(4000) in the real view. */
const QUERY_TEXT_MAX = 4000;

async function fillQueryHistory(session: Session): Promise<void> {
  const { history } = session.options;
  const nowMicros = history.nowMicros();
  const entries = history
    .all()
    .filter((entry) => isVisible(session, entry.userName))
    .map((entry) => asKnown(session, entry, nowMicros))
    .filter((entry) => entry !== null)
    .map((entry) => live(entry, nowMicros));
  await session.connection.run(
    `CREATE OR REPLACE TEMP TABLE __query_history AS SELECT unnest(from_json(${quoteLiteral(JSON.stringify(entries))}, ${quoteLiteral(HISTORY_SHAPE)}), max_depth := 2)`,
  );
}

/** Regular users see what they ran themselves, unless they have SYSLOG ACCESS UNRESTRICTED (c_visibility-of-data). */
function isVisible(session: Session, userName: string): boolean {
  const { restrictedUsers } = session.options.switches;
  return userName === session.user || !restrictedUsers.includes(session.user);
}

/** What the views have heard of an entry by now: nothing yet, its start, its end, or nothing any more. */
function asKnown(session: Session, entry: QueryEntry, nowMicros: number): QueryEntry | null {
  const { historyLagMs, historyKeptMs } = session.options.switches;
  const heardMicros = nowMicros - historyLagMs * 1000;
  if (entry.startMicros > heardMicros || entry.startMicros < nowMicros - historyKeptMs * 1000) return null;
  if (entry.endMicros === null || entry.endMicros <= heardMicros) return entry;
  return { ...entry, status: 'running', endMicros: null };
}

const TRANSACTION_SHAPE = JSON.stringify([
  {
    transactionId: 'BIGINT',
    sessionId: 'BIGINT',
    userName: 'VARCHAR',
    status: 'VARCHAR',
    startMicros: 'BIGINT',
    commitStartMicros: 'BIGINT',
    endMicros: 'BIGINT',
    tableIds: ['BIGINT'],
    isHeard: 'BOOLEAN',
  },
]);

/** SVV_TRANSACTIONS is the state of now and tells all users everything; the history lags like the others. */
async function fillTransactions(session: Session): Promise<void> {
  const { history, switches } = session.options;
  const nowMicros = history.nowMicros();
  const entries = history
    .transactions()
    .filter((entry) => entry.startMicros >= nowMicros - switches.historyKeptMs * 1000)
    .map((entry) => ({
      ...entry,
      isHeard: entry.endMicros !== null && entry.endMicros <= nowMicros - switches.historyLagMs * 1000,
    }));
  await session.connection.run(
    `CREATE OR REPLACE TEMP TABLE __transactions AS SELECT unnest(from_json(${quoteLiteral(JSON.stringify(entries))}, ${quoteLiteral(TRANSACTION_SHAPE)}), max_depth := 2)`,
  );
}

async function fillUsers(session: Session): Promise<void> {
  const isRestricted = session.options.switches.restrictedUsers.includes(session.user);
  await session.connection.run(
    `CREATE OR REPLACE TEMP TABLE __users AS SELECT ${quoteLiteral(session.user)} AS name, ${!isRestricted} AS is_super, ${isRestricted ? "'RESTRICTED'" : "'UNRESTRICTED'"} AS syslog`,
  );
}

/** What still runs shows the time that has passed. */
function live(entry: QueryEntry, nowMicros: number): QueryEntry & { elapsedMicros: number } {
  const queryText = entry.queryText.slice(0, QUERY_TEXT_MAX);
  const elapsedMicros = (entry.endMicros ?? nowMicros) - entry.startMicros;
  if (entry.endMicros !== null) return { ...entry, queryText, elapsedMicros };
  const queueMicros = entry.status === 'queued' ? nowMicros - entry.startMicros : entry.queueMicros;
  const executionMicros = entry.status === 'running' ? nowMicros - entry.startMicros - entry.queueMicros : 0;
  return { ...entry, queryText, elapsedMicros, queueMicros, executionMicros };
}

const ENGINE_TABLES_SQL = `SELECT schema_name, table_name, estimated_size FROM duckdb_tables() WHERE database_name = '${SOURCE_CATALOG}'`;

const BLOCK_BYTES = 262_144;

/** Tables that are empty have no row in SVV_TABLE_INFO. */
async function fillTableInfo(session: Session): Promise<void> {
  const { connection } = session;
  const tables = await rows(
    connection,
    `SELECT r.oid, r.schema_name, r.name, t.estimated_size AS row_count,
       (SELECT sum(CASE a.type_oid WHEN 1043 THEN 16 WHEN 1042 THEN 8 WHEN 21 THEN 2 WHEN 23 THEN 4 WHEN 16 THEN 1 ELSE 8 END)
        FROM ${OWN_SCHEMA}.attributes a WHERE a.relation = r.oid) AS row_bytes
     FROM ${OWN_SCHEMA}.relations r JOIN (${ENGINE_TABLES_SQL}) t ON t.schema_name = r.schema_name AND t.table_name = r.name
     WHERE r.kind = 'table' AND t.estimated_size > 0`,
  );
  await connection.run(`CREATE OR REPLACE TEMP TABLE __table_info (oid BIGINT, row_count BIGINT, size_mb BIGINT)`);
  for (const table of tables) {
    const storage = await storedBytes(session, String(table['schema_name']), String(table['name']));
    const estimate = Number(table['row_count']) * Number(table['row_bytes'] ?? 8);
    const sizeMb = Math.max(1, Math.ceil((storage > 0 ? storage : estimate) / 1_048_576));
    await connection.run(
      `INSERT INTO ${TABLE_INFO_TEMP} VALUES (${String(table['oid'])}, ${String(table['row_count'])}, ${sizeMb})`,
    );
  }
}

/** Bytes of the blocks on disk; 0 as long as the rows are only in the write-ahead log. */
async function storedBytes(session: Session, schema: string, name: string): Promise<number> {
  // The pragma's own reading of names does not undo doubled quotes.
  if (`${schema}${name}`.includes('"')) return 0;
  const table = quoteLiteral(engineName(schema, name));
  const [found] = await rows(
    session.connection,
    `SELECT count(DISTINCT block_id) AS blocks FROM pragma_storage_info(${table}) WHERE persistent AND block_id >= 0`,
  );
  return Number(found?.['blocks'] ?? 0) * BLOCK_BYTES;
}
