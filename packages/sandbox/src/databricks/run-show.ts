import { databricksTypeText, type StatementBody } from '../sql/index.ts';
import { done, needTable, type Run } from './run.ts';
import { clusteringNames } from './run-alter.ts';
import { SqlError } from './sql-error.ts';
import { sqlTypeOfDelta } from './types.ts';
import { resultOf } from './values.ts';
import type { Outcome } from './warehouse.ts';

type Properties = Extract<StatementBody, { kind: 'show-properties' }>;
type Listing = Extract<StatementBody, { kind: 'show-tables' | 'show-schemas' | 'show-views' }>;
type Show =
  | Properties
  | Listing
  | Extract<StatementBody, { kind: 'show-catalogs' }>
  | Extract<StatementBody, { kind: 'show-columns' }>
  | Extract<StatementBody, { kind: 'show-create-table' }>;

export async function show(run: Run, body: Show): Promise<Outcome> {
  switch (body.kind) {
    case 'show-catalogs':
      return done(
        resultOf(
          [['catalog', 'STRING']],
          run.metastore.catalogs().map((name) => [name]),
        ),
      );
    case 'show-schemas': {
      const schemas = run.metastore.schemas(body.in?.[0] ?? run.session.catalog).map((entry) => entry.schema);
      return done(
        resultOf(
          [['databaseName', 'STRING']],
          schemas.filter(liker(body.like)).map((name) => [name]),
        ),
      );
    }
    case 'show-tables':
      return showTables(run, body);
    case 'show-views':
      // There are no views here, which is an answer.
      return done(
        resultOf(
          [
            ['namespace', 'STRING'],
            ['viewName', 'STRING'],
          ],
          [],
        ),
      );
    case 'show-columns': {
      const { snapshot } = await needTable(run, body.table);
      return done(
        resultOf(
          [['col_name', 'STRING']],
          snapshot.columns.map((column) => [column.name]),
        ),
      );
    }
    case 'show-properties':
      return showProperties(run, body);
    case 'show-create-table':
      return showCreateTable(run, body.table);
  }
}

function showTables(run: Run, body: Listing): Outcome {
  const [schema = run.session.schema, catalog = run.session.catalog] = [...(body.in ?? [])].reverse();
  if (!run.metastore.hasSchema(catalog, schema))
    throw new SqlError('SCHEMA_NOT_FOUND', '42704', `The schema ${catalog}.${schema} cannot be found.`);
  const names = run.metastore.tables(catalog, schema).map((entry) => entry.table);
  return done(
    resultOf(
      [
        ['database', 'STRING'],
        ['tableName', 'STRING'],
        ['isTemporary', 'BOOLEAN'],
      ],
      names.filter(liker(body.like)).map((name) => [schema.toLowerCase(), name, false]),
    ),
  );
}

/** SHOW … LIKE knows `*` and `|` only, without regard to case. */
function liker(like: string | null): (name: string) => boolean {
  if (like === null) return () => true;
  const alternatives = like.split('|').map((part) => part.replace(/[.+?^${}()[\]\\]/g, '\\$&').replaceAll('*', '.*'));
  const pattern = new RegExp(`^(?:${alternatives.join('|')})$`, 'i');
  return (name) => pattern.test(name);
}

async function showProperties(run: Run, body: Properties): Promise<Outcome> {
  const { table, snapshot } = await needTable(run, body.table);
  const properties = {
    ...snapshot.metaData.configuration,
    'delta.minReaderVersion': String(snapshot.protocol.minReaderVersion),
    'delta.minWriterVersion': String(snapshot.protocol.minWriterVersion),
  };
  const all = Object.entries(properties).sort(([left], [right]) => (left < right ? -1 : 1));
  const missing = `Table ${table.entry.table} does not have property: ${body.key}`;
  const chosen = body.key === null ? all : all.filter(([key]) => key === body.key);
  const rows = chosen.length === 0 && body.key !== null ? [[body.key, missing]] : chosen;
  return done(
    resultOf(
      [
        ['key', 'STRING'],
        ['value', 'STRING'],
      ],
      rows,
    ),
  );
}

async function showCreateTable(run: Run, name: readonly string[]): Promise<Outcome> {
  const { table, snapshot } = await needTable(run, name);
  const { catalog, schema, table: tableName } = table.entry;
  const columns = snapshot.columns.map((column) => {
    const type = databricksTypeText(sqlTypeOfDelta(column.type)).toUpperCase();
    const comment = column.comment === null ? '' : ` COMMENT '${column.comment.replaceAll("'", "\\'")}'`;
    return `  ${quoted(column.name)} ${type}${column.nullable ? '' : ' NOT NULL'}${comment}`;
  });
  const clustered = clusteringNames(table, snapshot.columns).map(quoted);
  const properties = Object.entries(snapshot.metaData.configuration).map(
    ([key, value]) => `  '${key.replaceAll("'", "\\'")}' = '${value.replaceAll("'", "\\'")}'`,
  );
  const text = [
    `CREATE TABLE ${[catalog, schema, tableName].map(quoted).join('.')} (\n${columns.join(',\n')})\nUSING delta`,
    ...(clustered.length > 0 ? [`CLUSTER BY (${clustered.join(', ')})`] : []),
    ...(properties.length > 0 ? [`TBLPROPERTIES (\n${properties.join(',\n')})`] : []),
  ].join('\n');
  return done(resultOf([['createtab_stmt', 'STRING']], [[text]]));
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/i.test(name) ? name : `\`${name.replaceAll('`', '``')}\``;
}
