/** A data path that loses something: what no count and no file check can tell. */
import { BatchExecuteStatementCommand, RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import type { Source, SourceLoad, SourceSize } from '@lakehaul/adapters';
import { movedColumns, must } from '@lakehaul/core';
import type { World } from './world.ts';

/** The same source, but its UNLOAD's wire column `alias` goes through `lose`. Everything else is as rendered. */
export function losing(
  world: World,
  source: Source & SourceLoad & SourceSize,
  alias: string,
  lose: (wire: string) => string,
): Source & SourceLoad & SourceSize & AsyncDisposable {
  const { accessKeyId, secretAccessKey } = world.clouds.credentials;
  const client = new RedshiftDataClient({
    endpoint: world.clouds.endpoints.redshift,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
  });
  return {
    ...source,
    async submitUnload(request) {
      const Sqls = source
        .renderUnload(request)
        .map((sql) => (/\bUNLOAD\s*\(/i.test(sql) ? cut(sql, movedColumns(request.plan).length, alias, lose) : sql));
      const { Id } = await client.send(
        new BatchExecuteStatementCommand({
          Sqls,
          Database: 'dev',
          ClusterIdentifier: 'sandbox',
          DbUser: 'lakehaul',
          StatementName: request.statementName,
          ClientToken: request.clientToken,
        }),
      );
      return { statementId: must(Id, 'statement id') };
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };
}

/** Wraps the rendered SELECT once more, so that whatever the wire expression is, its value passes through `lose`. */
function cut(unload: string, columns: number, alias: string, lose: (wire: string) => string): string {
  const found = /UNLOAD\s*\((\$lakehaul\$|')([\s\S]*)\1\s*\)\s*TO\b/i.exec(unload);
  const [, , body = ''] = must(found, `UNLOAD in ${unload.slice(0, 200)}`);
  const aliases = [...Array.from({ length: columns }, (_, index) => `c${index + 1}`), 'h1', 'h2'];
  const list = aliases.map((each) => (each === alias ? `${lose(each)} AS ${each}` : each)).join(', ');
  const wrapped = `SELECT ${list} FROM (${body}) q`;
  return unload.replace(body, () => wrapped);
}
