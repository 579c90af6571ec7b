import type { Session } from '@lakehaul/fleet';
import type { PlanDeps } from './plan-migration.ts';

/** What planning takes of a session. */
export function planDeps(session: Session): PlanDeps {
  const { config, clouds, ledger, clock, log, tracing } = session;
  return {
    ledger,
    source: clouds.source,
    target: clouds.target,
    clock,
    log,
    tracing,
    migration: config.migration,
    catalog: config.target.catalog,
    tables: config.tables,
    sourceTimeoutMs: config.statements.sourceTimeoutMs,
  };
}
