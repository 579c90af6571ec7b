/** Metadata and protocol of a table from what its DDL says. */
import { randomUUID } from 'node:crypto';
import type { Action, MetaData, Protocol } from '../delta/actions.ts';
import { checkColumnNames, type DeltaColumn, renderSchema, usesColumnMapping } from '../delta/schema.ts';
import type { ColumnDefinition } from '../sql/index.ts';
import { SqlError } from './sql-error.ts';
import { deltaTypeOfSql } from './types.ts';

const MAX_COLUMN_ID = 'delta.columnMapping.maxColumnId';
const CLUSTERING_DOMAIN = 'delta.clustering';

/** Keys that a statement may set; other `delta.` keys would promise a behaviour that is not there. */
const DELTA_KEYS = new Set([
  'delta.columnMapping.mode',
  'delta.dataSkippingNumIndexedCols',
  'delta.dataSkippingStatsColumns',
  'delta.isolationLevel',
  'delta.appendOnly',
  'delta.enableDeletionVectors',
  'delta.minReaderVersion',
  'delta.minWriterVersion',
  'delta.logRetentionDuration',
  'delta.deletedFileRetentionDuration',
  'delta.autoOptimize.optimizeWrite',
  'delta.autoOptimize.autoCompact',
  'delta.targetFileSize',
  'delta.checkpointInterval',
]);

export function checkProperties(properties: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(properties)) {
    if (!key.startsWith('delta.') || key.startsWith('delta.feature.')) continue;
    if (!DELTA_KEYS.has(key))
      throw new SqlError('DELTA_UNKNOWN_CONFIGURATION', 'F0000', `Unknown configuration was specified: ${key}.`);
    if (key === 'delta.columnMapping.mode' && value !== 'name' && value !== 'none')
      throw new SqlError('SANDBOX_UNSUPPORTED', '0A000', `Column mapping mode ${value} is not supported.`);
  }
}

export function newColumns(
  definitions: readonly ColumnDefinition[],
  options: { mapped: boolean; firstId: number },
): DeltaColumn[] {
  return definitions.map((definition, index) => {
    if (definition.default)
      throw new SqlError('SANDBOX_UNSUPPORTED', '0A000', `DEFAULT of column ${definition.name} is not supported.`);
    return {
      name: definition.name,
      type: deltaTypeOfSql(definition.type),
      nullable: definition.nullable,
      comment: definition.comment,
      id: options.firstId + index,
      physicalName: options.mapped ? `col-${randomUUID()}` : definition.name,
    };
  });
}

export function maxColumnId(metaData: Pick<MetaData, 'configuration'>, columns: readonly DeltaColumn[]): number {
  const known = Number(metaData.configuration[MAX_COLUMN_ID] ?? 0);
  return columns.reduce((highest, column) => Math.max(highest, column.id), known);
}

/** The metadata action for these columns: names checked, schema text and id counter in step. */
export function withColumns(metaData: MetaData, columns: readonly DeltaColumn[]): MetaData {
  const mapped = usesColumnMapping(metaData.configuration);
  checkColumnNames(columns, mapped);
  const configuration = { ...metaData.configuration };
  if (mapped) configuration[MAX_COLUMN_ID] = String(maxColumnId(metaData, columns));
  return { ...metaData, configuration, schemaString: renderSchema(columns, mapped) };
}

/** The lowest protocol that readers and writers of this table need, as table features (PROTOCOL.md, "Table Features"). */
export function protocolFor(metaData: MetaData, columns: readonly DeltaColumn[], isClustered: boolean): Protocol {
  const both: string[] = [];
  if (usesColumnMapping(metaData.configuration)) both.push('columnMapping');
  if (columns.some((column) => column.type === 'timestamp_ntz')) both.push('timestampNtz');
  // Never shredded here: the two binaries of each value, and nothing beside them.
  if (columns.some((column) => column.type === 'variant')) both.push('variantType');
  if (both.length === 0 && !isClustered) return { minReaderVersion: 1, minWriterVersion: 2 };
  const writer = ['appendOnly', 'invariants', ...both, ...(isClustered ? ['domainMetadata', 'clustering'] : [])];
  // A table that only clusters can be read by anybody.
  if (both.length === 0) return { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: writer };
  return { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: both, writerFeatures: writer };
}

export function clusteringAction(columns: readonly DeltaColumn[]): Action {
  const clusteringColumns = columns.map((column) => [column.physicalName]);
  return {
    domainMetadata: {
      domain: CLUSTERING_DOMAIN,
      configuration: JSON.stringify({ clusteringColumns, domainName: CLUSTERING_DOMAIN }),
      removed: false,
    },
  };
}

/** Names of the clustering columns as the actions up to now have them. */
export function clusteringColumns(actions: readonly Action[], columns: readonly DeltaColumn[]): string[] {
  const last = actions.findLast((action) => action.domainMetadata?.domain === CLUSTERING_DOMAIN)?.domainMetadata;
  if (!last || last.removed) return [];
  const { clusteringColumns: physical } = JSON.parse(last.configuration) as { clusteringColumns: string[][] };
  return physical.map(([name]) => columns.find((column) => column.physicalName === name)?.name ?? String(name));
}
