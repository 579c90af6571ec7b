/** Loads files into the Redshift side: through the running sandbox, or into its directory when none runs. */
import { mkdir, readFile } from 'node:fs/promises';
import { LakehaulError } from '@lakehaul/core';
import { startSandbox } from '@lakehaul/sandbox';
import { readState } from './state.ts';

export interface LoadTableRequest {
  directory: string;
  schema: string;
  table: string;
  files: readonly string[];
  ddlFile: string | null;
}

export async function loadTable(request: LoadTableRequest): Promise<{ rowCount: bigint }> {
  const ddl = request.ddlFile === null ? undefined : await readFile(request.ddlFile, 'utf8');
  const load = {
    schema: request.schema,
    table: request.table,
    files: [...request.files],
    ...(ddl === undefined ? {} : { ddl }),
  };
  const running = await readState(request.directory);
  if (running === null) {
    await mkdir(request.directory, { recursive: true });
    await using clouds = await startSandbox({ directory: request.directory });
    return await clouds.load(load);
  }
  const answer = await fetch(new URL('/load', running.endpoints.admin), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(load),
  });
  const body = (await answer.json()) as { rowCount?: string; message?: string };
  if (!answer.ok)
    throw new LakehaulError('USAGE', body.message ?? `the sandbox answered ${answer.status}`, {
      next: 'mend the file or give --ddl FILE',
    });
  return { rowCount: BigInt(body.rowCount ?? '0') };
}
