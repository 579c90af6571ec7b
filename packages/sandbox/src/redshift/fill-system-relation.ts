import { SOURCE_CATALOG } from '../engine.ts';
import { engineName, OWN_SCHEMA, rows } from './catalogue.ts';
import { ENDED_QUERIES, queryRows } from './ended-queries.ts';
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
  if (fill === 'node-storage') await fillNodeStorage(session);
  if (fill === 'slices') await fillSlices(session);
}

/**
 * What the views have heard by now. Of an entry: nothing yet, its start, its end, or nothing any more. Regular users see
 * what they ran themselves, unless they have SYSLOG ACCESS UNRESTRICTED (c_visibility-of-data).
 */
async function fillQueryHistory(session: Session): Promise<void> {
  const { endedQueries, history, switches } = session.options;
  const nowMicros = history.nowMicros();
  // The session's transaction may have a snapshot of the shared table from before an entry's end.
  const recent = history.notEndedBy(Math.min(session.transactionMicros, nowMicros));
  const firstId = history.firstId();
  await endedQueries.refresh();
  const heardMicros = nowMicros - switches.historyLagMs * 1000;
  const isHeard = `"startMicros" BETWEEN ${nowMicros - switches.historyKeptMs * 1000} AND ${heardMicros}`;
  const isVisible = switches.restrictedUsers.includes(session.user)
    ? `"userName" = ${quoteLiteral(session.user)}`
    : 'true';
  const isOver = `"endMicros" <= ${heardMicros}`;
  const elapsed = `${nowMicros} - "startMicros"`;
  await session.connection.run(`CREATE OR REPLACE TEMP TABLE __recent AS ${queryRows(recent)}`);
  await session.connection.run(
    `CREATE OR REPLACE TEMP VIEW __query_history AS
       SELECT * REPLACE (
         CASE WHEN ${isOver} OR "status" = 'queued' THEN "status" ELSE 'running' END AS "status",
         CASE WHEN ${isOver} THEN "endMicros" END AS "endMicros",
         CASE WHEN ${isOver} THEN "endMicros" - "startMicros" ELSE ${elapsed} END AS "elapsedMicros",
         CASE WHEN "status" = 'queued' THEN ${elapsed} ELSE "queueMicros" END AS "queueMicros",
         CASE WHEN ${isOver} THEN "executionMicros" WHEN "status" = 'queued' THEN 0 ELSE ${elapsed} - "queueMicros" END AS "executionMicros")
       FROM (SELECT *, NULL::BIGINT AS "elapsedMicros" FROM ${ENDED_QUERIES} WHERE "queryId" >= ${firstId}
         UNION ALL BY NAME
         SELECT *, NULL::BIGINT AS "elapsedMicros" FROM temp.main.__recent r
         WHERE NOT EXISTS (SELECT 1 FROM ${ENDED_QUERIES} e WHERE e."queryId" = r."queryId"))
       WHERE ${isHeard} AND ${isVisible}`,
  );
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

async function fillNodeStorage(session: Session): Promise<void> {
  const nodes = session.options.switches.nodeStorage.map(
    ({ used, capacity }, node) => `(${node}, ${Math.round(used)}, ${Math.round(capacity)})`,
  );
  await session.connection.run(
    'CREATE OR REPLACE TEMP TABLE __node_storage (node INTEGER, used INTEGER, capacity INTEGER)',
  );
  if (nodes.length > 0) await session.connection.run(`INSERT INTO __node_storage VALUES ${nodes.join(', ')}`);
}

/** Regular users see their own data only (r_STV_SLICES), and slices are nobody's. */
async function fillSlices(session: Session): Promise<void> {
  const { switches } = session.options;
  const perNode = switches.restrictedUsers.includes(session.user) ? [] : switches.nodeSlices;
  const slices = perNode.flatMap((count, node) => Array.from({ length: count }, (_, local) => ({ node, local })));
  await session.connection.run('CREATE OR REPLACE TEMP TABLE __slices (node INTEGER, slice INTEGER, local INTEGER)');
  if (slices.length > 0)
    await session.connection.run(
      `INSERT INTO __slices VALUES ${slices.map(({ node, local }, slice) => `(${node}, ${slice}, ${local})`).join(', ')}`,
    );
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
