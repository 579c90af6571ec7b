/**
 * Policies that hide rows or values from us: both engines would agree on what they let us see, so no proof would ever
 * find it. Such a table is refused before its data is read.
 */
import type { DiscoveredTable, NotMoved } from '@lakehaul/adapters';
import { LakehaulError, type TablePlan } from '@lakehaul/core';
import type { TableSettings } from '@lakehaul/planning';

/** What the source's catalogue could not say: an unanswered question is no "none". */
export function unreadablePolicies(notMoved: readonly NotMoved[]): string[] {
  const names = notMoved
    .filter((entry) => entry.kind === 'policy' && entry.detail.startsWith('not readable'))
    .map((entry) => entry.name.replace(/^\(|\)$/g, ''));
  return [...new Set(names)];
}

export const UNREADABLE_NEXT =
  'GRANT SELECT ON svv_rls_relation, svv_attached_masking_policy and ALTER USER … SYSLOG ACCESS UNRESTRICTED for the hauling user';

export function unreadableDetail(unreadable: readonly string[]): string {
  return `may be under a policy that hides rows or values: ${unreadable.join(', ')} cannot be read`;
}

/** Nobody has acknowledged that policies may hide rows of the table. */
export function mayHideRows(plans: readonly Pick<TablePlan, 'acknowledgements'>[]): boolean {
  return plans.some((plan) => !plan.acknowledgements.includes('row-security'));
}

export function hiddenRowsRefusal(
  table: Pick<DiscoveredTable, 'name' | 'hasRowSecurity' | 'hasMasking'>,
  settings: Pick<TableSettings, 'acknowledge'>,
  unreadable: readonly string[],
): LakehaulError | null {
  if (settings.acknowledge.includes('row-security')) return null;
  const where = `${table.name.schema}.${table.name.table}`;
  const refuse = (message: string, next?: string) =>
    new LakehaulError('ROW_SECURITY', `${where} ${message}`, { where, ...(next === undefined ? {} : { next }) });
  if (table.hasRowSecurity)
    return refuse('has a row-level security policy: both engines would agree on the rows that it lets us see');
  if (table.hasMasking) return refuse('has a masking policy: both engines would agree on the masked values');
  if (unreadable.length === 0) return null;
  return refuse(unreadableDetail(unreadable), `${UNREADABLE_NEXT}, or acknowledge row-security for the table`);
}
