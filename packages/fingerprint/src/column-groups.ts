/**
 * Which columns are hashed together. One group, unless its expressions would exceed the statement limit. Then each group
 * has a row hash of its own, and sums of different groups could not tell two rows that swapped values of one group: so
 * every group's row text also contains the binding columns, the table's key columns first. Within the rows that agree in
 * all binding columns a swap between groups stays invisible to sums; the loads move whole rows, so none can make one.
 *
 * The layout follows from columns and names alone, not from configuration or hash form, so that source and target
 * always agree on it.
 */
import { LakehaulError } from '@lakehaul/core';
import { canonicalSql, constantItems, type HashColumn } from './canonical-sql.ts';
import { rowTextSql } from './row-text.ts';

export interface GroupColumn extends HashColumn {
  /** Bytes of the column's quoted name. */
  nameBytes: number;
  /** Bytes that the UNLOAD's select list needs for its wire form. */
  wireBytes: number;
}

export interface GroupLayout {
  /** Columns of each group in source order, binding columns included. */
  groups: HashColumn[][];
  /** The first so many groups travel with the rows; the others are proven by a second scan. */
  travelling: number;
}

/** Statements end at 100,000 bytes; the rest is room for predicate, role, paths and the outer SELECT. */
export const GROUP_BUDGET_BYTES = 90_000;
const MAX_BINDING_BYTES = 4_000;

export function columnGroups(request: {
  columns: readonly GroupColumn[];
  /** Positions of the key columns; other short columns fill the binding up. */
  keyPositions: readonly number[];
  budgetBytes?: number;
}): GroupLayout {
  const { columns } = request;
  const budget = request.budgetBytes ?? GROUP_BUDGET_BYTES;
  const constants = constantBytes(columns);
  const unloadBytes = constants + sum(columns, (column) => bottomBytes(column) + column.wireBytes);
  const all = sum(columns, hashBytes);
  if (unloadBytes + all <= budget) return { groups: [plain(columns)], travelling: 1 };

  const binding = bindingColumns(columns, request.keyPositions);
  const bound = new Set(binding.map((column) => column.position));
  const bindingBytes = sum(binding, (column) => hashBytes(column) + bottomBytes(column));
  const groups: GroupColumn[][] = [];
  let open: GroupColumn[] = [];
  // The first group shares its statement with the wire columns, whose bottom level it uses.
  let room = budget - unloadBytes - sum(binding, hashBytes);
  // A VARIANT is proven by what travelled alone: a second scan of the source cannot say what it becomes.
  for (const column of variantsFirst(columns.filter((each) => !bound.has(each.position)))) {
    const needed = hashBytes(column) + (groups.length === 0 ? 0 : bottomBytes(column));
    if (needed > room) {
      if (open.length === 0) tooLong(groups.length);
      if (column.isVariant === true) tooManyVariants();
      groups.push(open);
      open = [];
      room = budget - constants - bindingBytes;
    }
    open.push(column);
    room -= hashBytes(column) + (groups.length === 0 ? 0 : bottomBytes(column));
    if (room < 0) tooLong(groups.length);
  }
  groups.push(open);
  const order = (group: GroupColumn[]) => plain([...binding, ...group].sort((a, b) => a.position - b.position));
  return { groups: groups.map(order), travelling: 1 };
}

function variantsFirst(columns: readonly GroupColumn[]): GroupColumn[] {
  const isVariant = (column: GroupColumn) => column.isVariant === true;
  return [...columns.filter(isVariant), ...columns.filter((column) => !isVariant(column))];
}

function tooManyVariants(): never {
  throw new LakehaulError('STATEMENT_TOO_LONG', 'the VARIANT columns of a wide table do not fit one hash group', {
    next: 'Move some of its SUPER columns as text (super: string), or exclude columns.',
  });
}

function tooLong(group: number): never {
  throw new LakehaulError(
    'STATEMENT_TOO_LONG',
    group === 0
      ? 'the wire columns leave no room for a row hash in the UNLOAD statement'
      : 'the key columns leave no room for another column in a hash group',
  );
}

function bindingColumns(columns: readonly GroupColumn[], keyPositions: readonly number[]): GroupColumn[] {
  const keys = columns.filter((column) => keyPositions.includes(column.position));
  const rest = columns.filter(
    (column) => !keyPositions.includes(column.position) && column.isVariant !== true && hashBytes(column) < 150,
  );
  const binding = [...keys];
  let bytes = sum(binding, hashBytes);
  for (const column of rest) {
    if (bytes + hashBytes(column) > MAX_BINDING_BYTES) break;
    binding.push(column);
    bytes += hashBytes(column);
  }
  return binding;
}

/** Inside UNLOAD('…') every quote counts twice; outside it the estimate is a little high. */
const quotedBytes = (sql: string) => Buffer.byteLength(sql.replaceAll("'", "''"));

function bottomBytes(column: GroupColumn): number {
  const { bottom } = canonicalSql('redshift', column);
  const reads = 1 + bottom.length;
  return reads * (column.nameBytes + 12) + sum(bottom, (item) => quotedBytes(item));
}

function hashBytes(column: GroupColumn): number {
  const { first, second } = canonicalSql('redshift', column);
  const text = (form: 'joined' | 'digest') => quotedBytes(rowTextSql('redshift', [column], form)) + 10;
  return sum([...first, ...second], (item) => quotedBytes(item) + 1) + Math.max(text('joined'), text('digest'));
}

function constantBytes(columns: readonly HashColumn[]): number {
  const sets = new Set(columns.flatMap((column) => canonicalSql('redshift', column).needs));
  return sum([...sets], (set) => sum(constantItems('redshift', set), (item) => quotedBytes(item) + 1));
}

function sum<T>(items: readonly T[], bytes: (item: T) => number): number {
  return items.reduce((total, item) => total + bytes(item), 0);
}

function plain(columns: readonly GroupColumn[]): HashColumn[] {
  return columns.map(({ position, type, isVariant }) => ({
    position,
    type,
    ...(isVariant === true ? { isVariant } : {}),
  }));
}
