import { LakehaulError } from '@lakehaul/core';
import { bigintInTime, STARTED_TOO_LATE } from './load-sql.ts';
import { type DatabricksOptions, warehouseIdOf } from './options.ts';
import type { Workspace } from './rest.ts';
import { mustText, type Warehouse } from './warehouse.ts';

/** For doctor. A stopped warehouse is no fault: the first statement starts it. */
export async function check(
  options: DatabricksOptions,
  workspace: Workspace,
  warehouse: Warehouse,
): Promise<{ endpoint: string; user: string; version: string }> {
  const id = warehouseIdOf(options.httpPath);
  const info = await workspace.get('databricks.warehouse', `/api/2.0/sql/warehouses/${encodeURIComponent(id)}`);
  const state = String(info['state'] ?? 'unknown');
  if (state === 'DELETED' || state === 'DELETING')
    throw new LakehaulError('UNREACHABLE', `warehouse ${id} is ${state}`, { where: options.httpPath });
  const { rows } = await warehouse.read('SELECT current_user() AS user_name');
  const catalogs = await warehouse.read('SHOW CATALOGS');
  const names = catalogs.rows.map((row) => mustText(row, 'catalog').toLowerCase());
  if (!names.includes(options.catalog.toLowerCase()))
    throw new LakehaulError('PERMISSION_DENIED', `catalog ${options.catalog} does not exist or is hidden from us`, {
      where: 'target.catalog',
      next: 'create it, or grant USE CATALOG on it',
    });
  await checkDeadline(warehouse);
  return {
    endpoint: `https://${options.host}:${options.port ?? 443}${options.httpPath}`,
    user: mustText(rows[0], 'user_name'),
    version: `warehouse ${String(info['name'] ?? id)} (${String(info['warehouse_type'] ?? '')} ${String(info['cluster_size'] ?? '')}, ${state})`,
  };
}

/** The fence of the load rests on it: a statement of ours that begins too late must end in raise_error, not be folded away. */
async function checkDeadline(warehouse: Warehouse): Promise<void> {
  // Sent once, as a load is: a read would be repeated, for to be told to come later is no failure.
  const late = await warehouse.write(`SELECT ${bigintInTime(1n, 0)} AS late`).catch((error: unknown) => error);
  if (late instanceof LakehaulError && late.message.includes(STARTED_TOO_LATE)) return;
  if (late instanceof Error) throw late;
  throw new LakehaulError('TARGET_STATEMENT_FAILED', 'the warehouse runs a statement whose time to begin is over', {
    where: 'target.httpPath',
    next: 'Report the warehouse’s version: without raise_error and current_timestamp() a delayed load cannot be fenced.',
    disposition: 'refuse',
  });
}
