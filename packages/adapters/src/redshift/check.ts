import type { DataApi } from './client.ts';
import type { RedshiftOptions } from './options.ts';
import type { Statements } from './statements.ts';

/** For doctor: runs a statement as the run will, and reads the catalogue. */
export async function check(
  options: RedshiftOptions,
  api: DataApi,
  statements: Statements,
): Promise<{ endpoint: string; user: string; version: string }> {
  const [who] = await statements.query('check', ['SELECT current_user, version()']);
  const [user, version] = who?.[0] ?? [];
  await statements.query('check', ['SELECT CAST(count(*) AS VARCHAR) FROM pg_catalog.pg_class']);
  const name = options.kind === 'provisioned' ? options.clusterIdentifier : options.workgroupName;
  return { endpoint: `${api.endpoint} ${name} ${options.database}`, user: user ?? '', version: version ?? '' };
}
