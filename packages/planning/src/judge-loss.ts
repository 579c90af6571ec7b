/** Loss judged against the data: which scalars to read, and what they mean for each column. Pure. */
import type { ColumnPlan, LossClass, SourceColumn } from '@lakehaul/core';
import type { TableSettings } from './settings.ts';
import { mapType } from './type-map.ts';

export type ColumnMeasureKind =
  | 'maxBytes'
  | 'outOfRangeCount'
  | 'nonFiniteCount'
  | 'negativeZeroCount'
  | 'longNumberCount'
  | 'hugeNumberCount'
  | 'nullCount'
  | 'minText'
  | 'maxText';

/** Longest VARCHAR of Redshift: hex of a VARBYTE and the text of a SUPER must fit (RDG, character types). */
const MAX_TEXT_BYTES = 65_535n;
const MAX_VARBYTE_BYTES = 32_767n;

export function measuresFor(column: SourceColumn, settings: Pick<TableSettings, 'super'>): ColumnMeasureKind[] {
  switch (column.type.kind) {
    case 'super':
      // Both scan the text of every value, so they are asked only where the answer matters.
      return settings.super === 'variant' ? ['maxBytes', 'longNumberCount', 'hugeNumberCount'] : ['maxBytes'];
    case 'varbyte':
    case 'geometry':
    case 'geography':
      return ['maxBytes'];
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return ['outOfRangeCount'];
    case 'real':
    case 'double':
      return ['negativeZeroCount'];
    default:
      return [];
  }
}

export function planColumn(
  column: SourceColumn,
  settings: Pick<TableSettings, 'super' | 'acknowledge'>,
  measured: ReadonlyMap<ColumnMeasureKind, string | null>,
): ColumnPlan {
  const mapping = mapType(column, settings.super);
  const found = judge(column, measured);
  const loss = worse(mapping.loss, found.loss);
  return {
    source: column,
    target: { name: column.name, type: mapping.target, nullable: column.nullable },
    loss,
    lossReason: [mapping.reason, found.reason].filter((reason) => reason !== '').join('; '),
    excluded: settings.acknowledge.includes(`exclude:${column.name}`),
  };
}

function judge(
  column: SourceColumn,
  measured: ReadonlyMap<ColumnMeasureKind, string | null>,
): { loss: LossClass; reason: string } {
  const number = (kind: ColumnMeasureKind) => BigInt(measured.get(kind) ?? '0');
  const longest = number('maxBytes');
  if (column.type.kind === 'varbyte' && longest > MAX_VARBYTE_BYTES)
    return {
      loss: 'impossible',
      reason: `a value of ${longest} bytes does not fit the wire (at most ${MAX_VARBYTE_BYTES})`,
    };
  if (longest > MAX_TEXT_BYTES)
    return {
      loss: 'impossible',
      reason: `a value of ${longest} bytes as text does not fit the wire (at most ${MAX_TEXT_BYTES})`,
    };
  if (number('hugeNumberCount') > 0n)
    return {
      loss: 'impossible',
      reason: `${number('hugeNumberCount')} values hold a number of 10^300 or more, which parse_json refuses or makes infinite; move the column as text (super: string)`,
    };
  if (number('longNumberCount') > 0n)
    return {
      loss: 'lossy',
      reason: `${number('longNumberCount')} values hold a number of more than 38 digits or below 10^-324, which parse_json rounds to DOUBLE`,
    };
  if (number('outOfRangeCount') > 0n)
    return {
      loss: 'lossy',
      reason: `${number('outOfRangeCount')} values are outside years 0001 to 9999, which the target cannot hold`,
    };
  if (number('negativeZeroCount') > 0n)
    return {
      loss: 'representation',
      reason: `${number('negativeZeroCount')} values are -0, which the proof holds equal to 0`,
    };
  return { loss: 'lossless', reason: '' };
}

const ORDER: readonly LossClass[] = ['lossless', 'representation', 'parsed', 'lossy', 'impossible'];

function worse(a: LossClass, b: LossClass): LossClass {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}

/** Columns whose loss nobody has acknowledged; an impossible one can only be excluded. */
export function unacknowledged(columns: readonly ColumnPlan[], acknowledge: readonly string[]): ColumnPlan[] {
  return columns.filter((column) => {
    if (column.excluded) return false;
    if (column.loss === 'impossible') return true;
    return (column.loss === 'lossy' || column.loss === 'parsed') && !acknowledge.includes(`loss:${column.source.name}`);
  });
}
