/** FROM: tables of the catalog, WITH queries, derived tables and joins. */
import type { Conjunct, FromItem } from './ast.ts';
import { compareSql, needsTrim } from './emit-compare.ts';
import { predicateSql } from './emit-expression.ts';
import { commonName, emitQueryIn, renamed } from './emit-query.ts';
import { type Context, columnSql, isRedshift, quoteName, type ScopeTable, sameName, type Value } from './scope.ts';
import { NotSupported, SqlSemanticError } from './sql-failure.ts';
import type { ColumnInfo } from './sql-type.ts';

/** Adds the item's tables to the context and gives its text. */
export function emitFrom(context: Context, item: FromItem, conjuncts: readonly Conjunct[]): string {
  switch (item.kind) {
    case 'source':
      return emitSource(context, item, conjuncts);
    case 'derived': {
      const query = emitQueryIn({ ...context, tables: [], parent: context.parent }, item.query);
      const name = item.alias ?? `lh_derived_${context.tables.length}`;
      return `(${query.sql}) AS ${addTable(context, [name], renamed(query.columns, item.columnAliases, item.at), item.at)}`;
    }
    case 'join':
      return emitJoin(context, item, conjuncts);
  }
}

/** Names the table in the context; the text carries the names of its columns, so that none is left to DuckDB. */
function addTable(context: Context, name: string[], columns: readonly ColumnInfo[], at: number): string {
  const last = name.at(-1) as string;
  if (
    context.tables.some(
      (table) => sameName(context, table.name.at(-1) as string, last) && table.name.length === name.length,
    )
  )
    throw new SqlSemanticError('other', `table name "${last}" specified more than once`, at);
  const sqlName = quoteName(
    context.tables.some((table) => table.sqlName === quoteName(last)) ? `${last} ${context.tables.length}` : last,
  );
  context.tables.push({ name, sqlName, columns, hidden: new Set() });
  return `${sqlName}(${columns.map((column) => quoteName(column.name)).join(', ')})`;
}

function emitSource(
  context: Context,
  item: Extract<FromItem, { kind: 'source' }>,
  conjuncts: readonly Conjunct[],
): string {
  const { source } = item;
  if (source.kind === 'table' && source.name.length === 1 && source.timeTravel === null) {
    const name = source.name[0] as string;
    const common = context.common.get(name.toLowerCase());
    if (common !== undefined) {
      const columns = renamed(common, item.columnAliases, item.at);
      return `${quoteName(commonName(name))} AS ${addTable(context, [item.alias ?? name], columns, item.at)}`;
    }
  }
  const own = item.columnAliases === null ? conjunctsFor(context, item, conjuncts) : [];
  const resolved = context.options.catalog.resolve(source, own);
  const name =
    item.alias !== null
      ? [item.alias]
      : source.kind === 'table'
        ? source.name
        : [resolved.name ?? `files_${context.tables.length}`];
  const columns = renamed(resolved.columns, item.columnAliases, item.at);
  return `${resolved.duckdbSql} AS ${addTable(context, name, columns, item.at)}`;
}

/** A condition belongs to a source when its column is qualified by it, or cannot be another's. */
function conjunctsFor(
  _context: Context,
  item: Extract<FromItem, { kind: 'source' }>,
  conjuncts: readonly Conjunct[],
): Conjunct[] {
  const name = item.alias ?? (item.source.kind === 'table' ? (item.source.name.at(-1) as string) : '');
  return conjuncts.filter(
    ({ column }) =>
      column.length === 1 || (column.length === 2 && (column[0] as string).toLowerCase() === name.toLowerCase()),
  );
}

function emitJoin(context: Context, item: Extract<FromItem, { kind: 'join' }>, conjuncts: readonly Conjunct[]): string {
  // Behind an outer join a WHERE on a side need not narrow that side's rows alone, and unqualified names may be the
  // other side's: nothing is skipped below a join.
  void conjuncts;
  const first = context.tables.length;
  const left = emitFrom(context, item.left, []);
  const middle = context.tables.length;
  const right = emitFrom(context, item.right, []);
  const sides = { left: context.tables.slice(first, middle), right: context.tables.slice(middle) };
  const word = {
    inner: 'JOIN',
    left: 'LEFT JOIN',
    right: 'RIGHT JOIN',
    full: 'FULL JOIN',
    cross: 'CROSS JOIN',
    semi: 'SEMI JOIN',
    anti: 'ANTI JOIN',
  }[item.type];
  let on = '';
  if (item.using !== null) on = ` ON ${emitUsing(context, item, sides, item.using)}`;
  else if (item.on !== null)
    on = ` ON ${predicateSql({ ...context, tables: [...sides.left, ...sides.right] }, item.on)}`;
  // Only the left side's columns are left behind SEMI and ANTI.
  if (item.type === 'semi' || item.type === 'anti') context.tables.splice(middle);
  const bracket = item.right.kind === 'join' ? `(${right})` : right;
  return `${left} ${word} ${bracket}${on}`;
}

function emitUsing(
  context: Context,
  item: Extract<FromItem, { kind: 'join' }>,
  sides: { left: ScopeTable[]; right: ScopeTable[] },
  using: string[],
): string {
  if (item.type === 'right' || item.type === 'full') throw new NotSupported(`USING in a ${item.type} join`, item.at);
  const find = (tables: readonly ScopeTable[], name: string): Value => {
    for (const table of tables) {
      const column = table.columns.find(
        (candidate) => sameName(context, candidate.name, name) && !table.hidden.has(candidate.name),
      );
      if (column !== undefined)
        return {
          sql: columnSql({ table, column }),
          type: column.type,
          expression: { kind: 'column', at: item.at, parts: [name] },
        };
    }
    throw new SqlSemanticError('unknown-column', `column "${name}" in the USING clause does not exist`, item.at);
  };
  const tests = using.map((name) => {
    const [left, right] = [find(sides.left, name), find(sides.right, name)];
    if (isRedshift(context) && needsTrim(left.type)) throw new NotSupported('USING a VARCHAR column', item.at);
    return compareSql(context, '=', left, right);
  });
  for (const table of sides.right)
    for (const column of table.columns)
      if (using.some((name) => sameName(context, name, column.name))) table.hidden.add(column.name);
  return tests.join(' AND ');
}
