/** Where a stopped sandbox keeps a target table, for the judge. */
import { readFileSync } from 'node:fs';
import { ObjectFiles } from '../packages/sandbox/src/s3/store.ts';
import type { BucketFiles } from '../test/support/oracle.ts';

const BUCKET = 'lakehaul-warehouse';

interface Metastore {
  tables: { catalog: string; schema: string; table: string; prefix: string }[];
}

export async function findTable(
  directory: string,
  catalog: string,
  schema: string,
  table: string,
): Promise<{ files: BucketFiles; prefix: string }> {
  const objects = await ObjectFiles.open(directory);
  const pathOf = (key: string) => {
    const path = objects.pathOf(BUCKET, key);
    if (path === null) throw new Error(`no object ${key}`);
    return path;
  };
  const metastore = JSON.parse(readFileSync(pathOf('_metastore.json'), 'utf8')) as Metastore;
  const entry = metastore.tables.find(
    (each) => each.catalog === catalog && each.schema === schema && each.table === table,
  );
  if (entry === undefined) throw new Error(`no table ${catalog}.${schema}.${table}`);
  return { files: { list: (prefix) => objects.list(BUCKET, prefix), pathOf }, prefix: entry.prefix };
}
