import type { WatchResult } from '@lakehaul/planner';

/** The stable shape of `watch --json`: one line a look; times are the source's clock, UTC. */
export function watchJson(result: WatchResult) {
  const { sample } = result;
  return {
    window: sample === null ? null : { from: sample.from, to: sample.to, gap: sample.gap },
    outcomesReadable: sample?.outcomesReadable ?? null,
    written: (sample?.written ?? []).map(({ oid, kinds, statements, transactions, rolledBack, firstAt, lastAt }) => ({
      oid,
      kinds,
      statements,
      transactions,
      rolledBack,
      firstAt,
      lastAt,
    })),
    tables: result.tables.map((table) => ({
      table: table.table,
      tableId: table.tableId,
      writes: table.writes.kind,
      detail: table.writes.kind === 'unwritten' ? '' : table.writes.detail,
      held: table.held === null ? null : typeof table.held === 'string' ? table.held : table.held.code,
      probe:
        table.probe === null
          ? null
          : {
              snapshotAt: table.probe.record.body.snapshotAt,
              chunks: table.probe.record.body.chunks,
              scans: table.probe.record.body.scans,
              rows: table.probe.record.body.rows,
              rowsScanned: table.probe.record.body.rowsScanned,
              amplification: table.probe.record.body.amplification,
              durationMs: table.probe.record.body.durationMs,
              reopened: table.probe.reopened,
            },
    })),
    reopened: result.reopened,
  };
}
