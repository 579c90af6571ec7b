import { LakehaulError } from '@lakehaul/core';
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
  return {
    endpoint: `https://${options.host}:${options.port ?? 443}${options.httpPath}`,
    user: mustText(rows[0], 'user_name'),
    version: `warehouse ${String(info['name'] ?? id)} (${String(info['warehouse_type'] ?? '')} ${String(info['cluster_size'] ?? '')}, ${state})`,
  };
}
