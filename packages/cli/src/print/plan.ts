/** The plan as a table that a person can judge. */
import { sourceTypeText, targetTypeText } from '@lakehaul/core';
import { calibrationJson, unloadTime } from '@lakehaul/operate';
import type { MigrationPlan } from '@lakehaul/planner';
import { calibrationText } from './calibration.ts';
import { table } from './table.ts';
import { count, duration, size } from './units.ts';

export function planText(
  migration: MigrationPlan,
  { width, isDryRun, timeoutMs }: { width: number; isDryRun: boolean; timeoutMs: number },
): string {
  const sections = [
    table(
      migration.tables,
      [
        { title: 'table', text: ({ plan }) => `${plan.source.schema}.${plan.source.table}`, isFlexible: true },
        { title: 'rows', align: 'right', text: ({ plan }) => count(plan.estimatedRows) },
        { title: 'size', align: 'right', text: ({ plan }) => size(plan.estimatedBytes) },
        { title: 'chunks', align: 'right', text: ({ plan }) => count(plan.chunkCount) },
        { title: 'scans', align: 'right', text: ({ plan }) => `${plan.scanAmplification.toFixed(1)}×` },
        { title: 'level', text: ({ plan }) => plan.level },
        {
          title: 'target',
          text: ({ plan, isNew }) => (isNew ? (plan.target.adopted ? 'adopted' : 'created') : 'planned'),
        },
      ],
      width,
    ),
    ...migration.tables.map(
      ({ plan }) =>
        `${plan.source.schema}.${plan.source.table}: ${plan.keyReason}${plan.cutLine === null ? '' : `; rows from ${plan.cutLine.column} ${plan.cutLine.before} on come by the live path`}`,
    ),
    ...speedLines(migration, timeoutMs),
    ...lossLines(migration),
    ...acknowledgedLines(migration, isDryRun),
    ...notMovedLines(migration),
  ];
  if (isDryRun)
    sections.push(
      'target DDL:',
      ...migration.tables.flatMap(({ ddl }) => ddl.map((statement) => `  ${statement}`)),
      'dry run: nothing was written',
    );
  return sections.join('\n');
}

/** How long the UNLOADs of each table take, where the source was measured. */
function speedLines({ tables, calibration }: MigrationPlan, timeoutMs: number): string[] {
  if (calibration === null) return [];
  const lines = tables.map(({ plan }) => {
    const { verdict, fromMs, toMs, bytes } = unloadTime(plan, calibration, timeoutMs);
    const allMs = (Number(plan.estimatedBytes) * 1_000) / Number(calibration.bytesPerSecond);
    const long = verdict === 'ok' ? '' : `: ${verdict === 'long' ? 'more than half of' : 'longer than'} the time-out`;
    return `  ${plan.source.schema}.${plan.source.table}: ${size(bytes)} in ${duration(fromMs)} to ${duration(toMs)} each${long}; all of it in ${duration(allMs)}`;
  });
  return [calibrationText(calibrationJson(calibration)), ...lines];
}

function lossLines(migration: MigrationPlan): string[] {
  const lines = migration.tables.flatMap(({ plan }) =>
    plan.columns
      .filter((column) => column.loss !== 'lossless' || column.excluded)
      .map(
        (column) =>
          `  ${plan.source.table}.${column.source.name}: ${sourceTypeText(column.source.type)} as ${column.excluded ? 'excluded' : targetTypeText(column.target.type)} · ${column.loss}${column.lossReason === '' ? '' : ` · ${column.lossReason}`}`,
      ),
  );
  return lines.length === 0 ? [] : ['columns in another form:', ...lines];
}

function acknowledgedLines(migration: MigrationPlan, isDryRun: boolean): string[] {
  return migration.tables
    .filter(({ acknowledged }) => acknowledged.length > 0)
    .map(
      ({ plan, acknowledged }) =>
        `${plan.source.schema}.${plan.source.table}: ${isDryRun ? 'would record' : 'recorded'} for the rows that come later: ${acknowledged.join(', ')}`,
    );
}

const LISTED = 20;

function notMovedLines(migration: MigrationPlan): string[] {
  if (migration.notMoved.length === 0) return [];
  const lines = migration.notMoved
    .slice(0, LISTED)
    .map((entry) => `  ${entry.kind} ${entry.name}${entry.detail === '' ? '' : ` · ${entry.detail}`}`);
  const more = migration.notMoved.length - LISTED;
  return ['not moved:', ...lines, ...(more > 0 ? [`  and ${more} more (--json lists all)`] : [])];
}
