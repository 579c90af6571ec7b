/**
 * What the differing rows of one chunk have in common: a guess for a person, and the name under which the guard counts
 * (services/planner/src/systemic-cause.ts). Pure, over the canonical texts of both sides; the result holds no row value.
 */
import type { DifferenceReport, RowDifference } from '@lakehaul/adapters';
import { type Diagnosis, type DifferenceCause, movedColumns, type SourceType, type TablePlan } from '@lakehaul/core';

/** A column stands out when it differs in so many of the changed rows. */
const MOST = 0.8;
/** Times within a zone's rules: one offset, or two when daylight saving lies between the rows. */
const MOST_OFFSETS = 2;
/** Zones differ by multiples of 15 minutes (tz database); anything else is no zone. */
const ZONE_STEP_MICROS = 15n * 60n * 1_000_000n;

interface Cell {
  source: string | null;
  target: string | null;
}

/** Null when the report names no row. */
export function diagnose(plan: Pick<TablePlan, 'columns'>, report: DifferenceReport): Diagnosis | null {
  const { rows } = report;
  if (rows.length === 0) return null;
  const changed = rows.filter((row) => row.kind === 'changed');
  const cells = cellsByColumn(changed);
  const columns = [...cells]
    .map(([name, found]) => ({ name, rows: found.length }))
    .sort((a, b) => b.rows - a.rows || (a.name < b.name ? -1 : 1));
  const tell: Tell = (cause, column, detail) => ({ cause, column, detail });
  if (changed.length * 2 < rows.length) return wholeRows(rows, tell);
  if (columns.length === 0)
    return tell(
      'before-stage',
      null,
      'a loss in the UNLOAD itself: what was staged is what the target holds, but not what the source hashed',
    );
  const [most] = columns;
  if (most === undefined || most.rows < changed.length * MOST)
    return tell('mixed', null, 'no single column: the differences have nothing in common');
  const type = movedColumns(plan).find((column) => column.source.name === most.name)?.source.type ?? null;
  const { cause, detail } = causeOf(type, cells.get(most.name) ?? []);
  return tell(cause, most.name, `column ${most.name}: ${detail}`);
}

type Tell = (cause: DifferenceCause, column: string | null, detail: string) => Diagnosis;

function wholeRows(rows: readonly RowDifference[], tell: Tell): Diagnosis {
  const are = (kind: RowDifference['kind']) => rows.filter((row) => row.kind === kind).length >= rows.length * MOST;
  if (are('missing'))
    return tell('rows-missing', null, 'rows are missing: something deletes in the target or in the stage');
  if (are('doubled')) return tell('rows-doubled', null, 'rows are there twice: something else loads the same files');
  if (are('extra'))
    return tell('rows-extra', null, 'rows are there that were never staged: something else writes to the target');
  return tell('mixed', null, 'rows are missing and extra, and have nothing in common');
}

function cellsByColumn(changed: readonly RowDifference[]): Map<string, Cell[]> {
  const cells = new Map<string, Cell[]>();
  for (const row of changed)
    for (const { name, source, target } of row.columns) {
      const found = cells.get(name);
      if (found === undefined) cells.set(name, [{ source, target }]);
      else found.push({ source, target });
    }
  return cells;
}

/** The first pattern that every differing value of the column fits. */
function causeOf(type: SourceType | null, cells: readonly Cell[]): { cause: DifferenceCause; detail: string } {
  const shift = type !== null && isTemporal(type) ? shiftOf(type, cells) : null;
  if (shift !== null) return { cause: 'time-shift', detail: shift };
  for (const { cause, detail, fits } of PATTERNS)
    if (cells.every(({ source, target }) => fits(source, target, type))) return { cause, detail };
  return { cause: 'column', detail: 'differs without a pattern that we know' };
}

interface Pattern {
  cause: DifferenceCause;
  detail: string;
  fits: (source: string | null, target: string | null, type: SourceType | null) => boolean;
}

const text = (fits: (source: string, target: string, type: SourceType | null) => boolean): Pattern['fits'] => {
  return (source, target, type) => source !== null && target !== null && fits(source, target, type);
};

/** From the most telling to the least: a text that lost its blanks is also one that was cut off. */
const PATTERNS: readonly Pattern[] = [
  {
    cause: 'null-or-empty',
    detail: 'NULL on one side is an empty text on the other',
    fits: (source, target) => (source === null && target === '') || (source === '' && target === null),
  },
  { cause: 'became-null', detail: 'values became NULL', fits: (_source, target) => target === null },
  {
    cause: 'trailing-blanks',
    detail: 'only trailing blanks differ',
    fits: text((source, target) => source.replace(/ +$/, '') === target.replace(/ +$/, '')),
  },
  {
    cause: 'float',
    detail: 'a float changed on its way',
    fits: (_source, _target, type) => type?.kind === 'real' || type?.kind === 'double',
  },
  {
    cause: 'rounded',
    detail: 'digits after the point are lost',
    fits: text((source, target, type) => type?.kind === 'decimal' && isRounded(source, target)),
  },
  {
    cause: 'letter-case',
    detail: 'only upper and lower case differ',
    fits: text((source, target) => source.toLowerCase() === target.toLowerCase()),
  },
  {
    cause: 'cut-off',
    detail: 'texts are cut off at their end',
    fits: text((source, target) => isText(source, target) && source.startsWith(target)),
  },
];

/** Numbers are texts here too, and 12 is no cut off 123. */
function isText(source: string, target: string): boolean {
  return target.length < source.length && !/^-?\d+(\.\d+)?$/.test(source);
}

function isTemporal(type: SourceType): boolean {
  return ['timestamp', 'timestamptz', 'time', 'date'].includes(type.kind);
}

/** Target minus source where it is the same for all, or one zone's two offsets; null otherwise. */
function shiftOf(type: SourceType, cells: readonly Cell[]): string | null {
  const offsets = new Set<bigint>();
  for (const { source, target } of cells) {
    if (source === null || target === null || !isWhole(source) || !isWhole(target)) return null;
    offsets.add(BigInt(target) - BigInt(source));
  }
  const sorted = [...offsets].sort((a, b) => (a < b ? -1 : 1));
  // The canonical text of a DATE counts days, of the others microseconds.
  if (type.kind === 'date') return sorted.length === 1 ? `shifted by ${signed(sorted[0] ?? 0n)} days` : null;
  if (sorted.length > MOST_OFFSETS) return null;
  const isZone = sorted.every((offset) => offset % ZONE_STEP_MICROS === 0n);
  if (sorted.length > 1 && !isZone) return null;
  return `shifted by ${sorted.map(offsetText).join(' or ')}${isZone ? ', as by a session time zone' : ''}`;
}

const isWhole = (value: string): boolean => /^-?\d+$/.test(value);
const signed = (value: bigint): string => (value < 0n ? `${value}` : `+${value}`);

/** `+01:00` for whole minutes, else `+3600.5 s`. */
export function offsetText(micros: bigint): string {
  const size = micros < 0n ? -micros : micros;
  const sign = micros < 0n ? '-' : '+';
  if (size % 60_000_000n !== 0n) return `${sign}${size / 1_000_000n}.${String(size % 1_000_000n).padStart(6, '0')} s`;
  const minutes = size / 60_000_000n;
  return `${sign}${String(minutes / 60n).padStart(2, '0')}:${String(minutes % 60n).padStart(2, '0')}`;
}

/** Decimals of equal scale: the target is the source to fewer digits, cut or rounded. */
function isRounded(source: string, target: string): boolean {
  const scale = source.length - 1 - source.indexOf('.');
  if (!source.includes('.') || !target.includes('.')) return false;
  const digits = (value: string) => BigInt(value.replace('.', ''));
  const difference = digits(source) - digits(target);
  const size = difference < 0n ? -difference : difference;
  for (let lost = 1; lost <= scale; lost++) {
    const unit = 10n ** BigInt(lost);
    if (digits(target) % unit === 0n && size < unit) return true;
  }
  return false;
}
