/** Which column a table is cut by, and why. Pure. */
import { LakehaulError, type SourceColumn } from '@lakehaul/core';
import { isOrdinalKey, isUsableKey } from './key-space.ts';

export type KeyChoice =
  /** One chunk holds the whole table. */
  | { kind: 'whole'; reason: string }
  /** Ranges over the first column; a single value that is too big is cut by the next ones, then by hash. */
  | { kind: 'ranges'; columns: SourceColumn[]; isZoneMapped: boolean; reason: string }
  /** One shared scan with PARTITION BY a hash bucket. */
  | { kind: 'hash'; reason: string };

export interface KeyQuestion {
  columns: readonly SourceColumn[];
  sortKeyStyle: 'none' | 'compound' | 'interleaved' | 'auto';
  /** The configuration's override. */
  key: string | null;
  estimatedBytes: bigint;
  chunkBytes: bigint;
  /** The table is planned in generations: only ranges of an exactly ordered key have a watermark. */
  hasWatermark?: boolean;
}

export function chooseKey(question: KeyQuestion): KeyChoice {
  const choice = question.hasWatermark === true ? rangesOf(question) : chooseAny(question);
  if (question.hasWatermark !== true) return choice;
  if (choice.kind === 'ranges' && choice.columns[0] !== undefined && isOrdinalKey(choice.columns[0].type))
    return choice;
  throw new LakehaulError(
    'KEY_UNUSABLE',
    `a watermark needs a key of numbers, dates or times that the table is cut by: ${choice.reason}`,
    { next: 'name such a column as key under tables.overrides, or remove the watermark' },
  );
}

/** Also of a table that would fit one chunk: it is expected to grow. */
function rangesOf(question: KeyQuestion): KeyChoice {
  return chooseAny({ ...question, estimatedBytes: question.chunkBytes * 2n });
}

function chooseAny(question: KeyQuestion): KeyChoice {
  const sortKey = question.columns
    .filter((column) => column.sortKeyPosition !== 0)
    .sort((a, b) => Math.abs(a.sortKeyPosition) - Math.abs(b.sortKeyPosition));
  if (question.key !== null) return givenKey(question, sortKey);
  // Half a chunk more in one piece costs less than a histogram of it.
  if (question.estimatedBytes * 2n <= question.chunkBytes * 3n)
    return { kind: 'whole', reason: 'the table is no larger than 1.5 chunks' };
  const [first] = sortKey;
  if (first === undefined)
    return { kind: 'hash', reason: 'the table has no sort key: one shared scan, cut by row hash' };
  if (question.sortKeyStyle === 'interleaved')
    return {
      kind: 'hash',
      reason:
        'zone maps of an interleaved sort key do not narrow a range of one column: one shared scan, cut by row hash',
    };
  if (!isUsableKey(first))
    return {
      kind: 'hash',
      reason: `the leading sort key column ${first.name} (${first.type.kind}${first.isCaseInsensitive ? ', case-insensitive' : ''}) cannot carry ranges: one shared scan, cut by row hash`,
    };
  return {
    kind: 'ranges',
    columns: sortKey.filter(isUsableKey),
    isZoneMapped: true,
    reason: `${first.name} leads the sort key, so zone maps narrow each scan`,
  };
}

function givenKey(question: KeyQuestion, sortKey: readonly SourceColumn[]): KeyChoice {
  const column = question.columns.find((candidate) => candidate.name === question.key);
  if (column === undefined) throw new LakehaulError('KEY_UNUSABLE', `key ${question.key} is no column of the table`);
  if (!isUsableKey(column))
    throw new LakehaulError(
      'KEY_UNUSABLE',
      `key ${column.name} is ${column.type.kind}${column.isCaseInsensitive ? ' under a case-insensitive collation' : ''}, which cannot carry ranges`,
    );
  const isZoneMapped = sortKey[0]?.name === column.name && question.sortKeyStyle !== 'interleaved';
  const rest = sortKey.filter((candidate) => candidate.name !== column.name && isUsableKey(candidate));
  return {
    kind: 'ranges',
    columns: [column, ...rest],
    isZoneMapped,
    reason: isZoneMapped
      ? `${column.name} is configured and leads the sort key`
      : `${column.name} is configured, but no zone map narrows it: every chunk scans the whole table`,
  };
}
