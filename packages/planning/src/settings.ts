import type { CutLine, ProofLevel } from '@lakehaul/core';

/** What the configuration says of one table, defaults and overrides merged. */
export interface TableSettings {
  /** Overrides the choice of the partition key. */
  key: string | null;
  cutLine: CutLine | null;
  /** Of the key: history up to it is the first generation, top-ups follow. */
  watermark?: string | null;
  chunkBytes: bigint;
  level: ProofLevel;
  sampleEvery: number;
  /** `loss:<column>`, `exclude:<column>`, `rounding:<column>`, `adopt-target`, `scan-amplification`, `row-security`. */
  acknowledge: readonly string[];
  priority: number;
  target: { schema: string; table: string } | null;
  super: 'string' | 'variant';
}

export interface TableOverride extends Partial<Omit<TableSettings, 'target'>> {
  match: string;
  target?: { schema: string; table: string } | null;
}

/** Later overrides win, field by field; acknowledgements add up. */
export function settingsFor(
  name: { schema: string; table: string },
  defaults: TableSettings,
  overrides: readonly TableOverride[],
): TableSettings {
  let settings = defaults;
  for (const override of overrides) {
    if (!matchesPattern(override.match, name)) continue;
    const { match: _match, acknowledge = [], ...rest } = override;
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    settings = { ...settings, ...given, acknowledge: [...settings.acknowledge, ...acknowledge] };
  }
  return settings;
}

/** `schema.table` with `*` for any run of characters; a dot in a name is matched by the dot of the pattern's first part that fits. */
export function matchesPattern(pattern: string, name: { schema: string; table: string }): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`, 'su').test(`${name.schema}.${name.table}`);
}

export interface Selection<T> {
  selected: T[];
  /** Include patterns without a wildcard that name nothing: an error, they were meant. */
  missing: string[];
}

export function selectTables<T extends { name: { schema: string; table: string } }>(
  tables: readonly T[],
  include: readonly string[],
  exclude: readonly string[],
): Selection<T> {
  const selected = tables.filter(
    (table) =>
      include.some((pattern) => matchesPattern(pattern, table.name)) &&
      !exclude.some((pattern) => matchesPattern(pattern, table.name)),
  );
  const missing = include.filter(
    (pattern) => !pattern.includes('*') && !tables.some((table) => matchesPattern(pattern, table.name)),
  );
  return { selected, missing };
}
