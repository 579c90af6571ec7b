import type { DuckDBValue } from '@duckdb/node-api';
import type { ColumnInfo, Query } from '../sql/index.ts';
import { type Prepared, runCatalogueStatement } from './catalogue-statement.ts';
import { alterTable, commentOn, createSchema, createTable, createView, dropObjects } from './ddl.ts';
import { deleteRows, insertRows, truncateTable, updateRows } from './dml.ts';
import type { QueryType, UnloadEntry } from './query-history.ts';
import { emit } from './resolve.ts';
import { DatabaseError } from './service-error.ts';
import type { Session } from './session.ts';
import { unload } from './unload.ts';

/** What a statement gives back: rows, or how many it changed. */
export interface Outcome {
  columns: ColumnInfo[];
  rows: AsyncIterable<readonly (readonly DuckDBValue[])[]> | null;
  changedRows: number | null;
  unload?: UnloadEntry;
}

export function done(changedRows: number | null = null): Outcome {
  return { columns: [], rows: null, changedRows };
}

/** Queries take a WLM slot; settings and DDL do not wait. */
export function usesSlot(statement: Prepared): boolean {
  return ['query', 'insert', 'update', 'delete', 'unload'].includes(statement.body.kind);
}

export function queryType(statement: Prepared): QueryType {
  const { body } = statement;
  switch (body.kind) {
    case 'query':
      return 'SELECT';
    case 'insert':
      return 'INSERT';
    case 'update':
      return 'UPDATE';
    case 'delete':
      return 'DELETE';
    case 'unload':
      return 'UNLOAD';
    case 'create-table':
      return body.query === null ? 'DDL' : 'CTAS';
    case 'set':
    case 'show-setting':
      return 'UTILITY';
    default:
      return 'DDL';
  }
}

export async function runStatement(session: Session, statement: Prepared): Promise<Outcome> {
  const { body } = statement;
  switch (body.kind) {
    case 'query':
      return select(session, body);
    case 'insert':
      return done(await insertRows(session, body));
    case 'update':
      return done(await updateRows(session, body));
    case 'delete':
      return done(await deleteRows(session, body));
    case 'truncate':
      await truncateTable(session, body.table);
      return done();
    case 'unload':
      return { ...done(), unload: await unload(session, body) };
    case 'create-schema':
      await createSchema(session, body);
      return done();
    case 'create-table':
      return done(await createTable(session, body));
    case 'create-view':
      await createView(session, body);
      return done();
    case 'drop':
      await dropObjects(session, body);
      return done();
    case 'alter-table':
      await alterTable(session, body);
      return done();
    case 'comment-on':
      await commentOn(session, body);
      return done();
    case 'catalogue':
      await runCatalogueStatement(session, body);
      return done();
    case 'set':
      await session.set(body.key, body.value);
      return done();
    case 'show-setting':
      return showSetting(session, body.key);
    default:
      throw new DatabaseError(`${body.kind.replaceAll('-', ' ').toUpperCase()} is not supported by the sandbox`);
  }
}

async function select(session: Session, query: Query): Promise<Outcome> {
  const emitted = await emit(session, query);
  const result = await session.connection.stream(emitted.sql);
  async function* chunks(): AsyncGenerator<readonly (readonly DuckDBValue[])[]> {
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return;
      yield chunk.getRows();
    }
  }
  return { columns: emitted.columns, rows: chunks(), changedRows: null };
}

function showSetting(session: Session, key: string | null): Outcome {
  const value = key === null ? undefined : session.setting(key.toLowerCase());
  if (key === null || value === undefined)
    throw new DatabaseError(`unrecognized configuration parameter "${key ?? ''}"`);
  async function* one(): AsyncGenerator<readonly (readonly DuckDBValue[])[]> {
    yield [[value as string]];
  }
  return {
    columns: [{ name: key.toLowerCase(), type: { kind: 'varchar', length: 256 } }],
    rows: one(),
    changedRows: null,
  };
}
