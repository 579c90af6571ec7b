import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LakehaulError } from '@lakehaul/core';
import { configSchemaText } from '@lakehaul/runtime';
import { startSandbox } from '@lakehaul/sandbox';
import { printJson } from '../json/common.ts';
import { SANDBOX_LOAD_JSON, SANDBOX_SQL_JSON, SANDBOX_UP_JSON } from '../json/surroundings.ts';
import { table } from '../print/table.ts';
import { count, counted } from '../print/units.ts';
import { sandboxConfig } from '../sandbox/config-text.ts';
import { releaseFaults, setFaultPlan, setWarehouse, showFaultPlan } from '../sandbox/control.ts';
import { shortPath, writeEnvFile } from '../sandbox/env-file.ts';
import { loadTable } from '../sandbox/load-table.ts';
import { openDatabricksSql, openRedshiftSql, type SqlRows } from '../sandbox/sql-clients.ts';
import { mustState, removeState, SANDBOX_DIRECTORY, writeState } from '../sandbox/state.ts';
import { sandboxTokens } from '../sandbox/tokens.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';

export const sandbox: Verb = {
  name: 'sandbox',
  operands: 'up | load TABLE FILE… | sql redshift|databricks "SQL" | fault ["PLAN"] | warehouse stop|start',
  summary: 'the local clouds: start them, put own data in, look at both sides',
  example: 'lakehaul sandbox load public.events events.ndjson.gz',
  details: [
    'up                        runs until Ctrl-C; writes a ready lakehaul.yaml and its credentials',
    'load SCHEMA.TABLE FILE…   Parquet, NDJSON(.gz) or CSV into the Redshift side; types from --ddl or the files',
    'sql redshift "SELECT …"   through the Redshift Data API; sql databricks "…" through the warehouse',
    'fault "PLAN"              sets the fault plan of the running sandbox (a JSON list of point, nth, happens …); [] ends it, fault release lets held calls go, fault alone shows it',
    'warehouse stop|start      the Databricks side; what runs when it stops is cancelled',
  ],
  flags: [
    ...COMMON_FLAGS.filter((flag) => flag.name !== 'config'),
    { name: 'directory', value: 'DIR', doc: 'where the sandbox keeps its data', default: SANDBOX_DIRECTORY },
    { name: 'ddl', value: 'FILE', doc: 'with load: the CREATE TABLE statement to use' },
  ],
  json: [
    { command: 'sandbox up', says: 'Where the local clouds listen; printed once they do.', shape: SANDBOX_UP_JSON },
    { command: 'sandbox load', says: 'How many rows were loaded.', shape: SANDBOX_LOAD_JSON },
    { command: 'sandbox sql', says: 'All rows of the answer.', shape: SANDBOX_SQL_JSON },
  ],
  async run(call) {
    const [action, ...rest] = call.operands;
    const most = action === 'up' ? 0 : action === 'sql' ? 2 : rest.length;
    if (rest.length > most)
      throw new LakehaulError('USAGE', `sandbox ${action}: ${JSON.stringify(rest[most])} is one operand too many`, {
        next:
          action === 'sql' ? 'quote the statement: lakehaul sandbox sql redshift "SELECT 1"' : 'lakehaul sandbox up',
      });
    if (action === 'up') return up(call);
    if (action === 'load') return load(call);
    if (action === 'sql') return sql(call);
    if (action === 'fault') return fault(call);
    if (action === 'warehouse') return warehouse(call);
    throw new LakehaulError('USAGE', `sandbox ${action ?? ''} is not known`, {
      next: 'up, load, sql, fault or warehouse',
    });
  },
};

async function up(call: VerbCall): Promise<number> {
  const directory = resolve(String(call.flags['directory']));
  await mkdir(directory, { recursive: true });
  await using clouds = await startSandbox({ directory });
  const caFile = join(directory, 'ca.pem');
  await writeFile(caFile, clouds.endpoints.databricks.caPem);
  // The schema lies beside the file, so that the path is true wherever the directory is, and of this version.
  await writeFile(join(directory, 'lakehaul.schema.json'), configSchemaText());
  const text = sandboxConfig({
    migration: 'sandbox',
    endpoints: clouds.endpoints,
    caFile,
    tables: { include: ['*.*'] },
    anchorFile: join(directory, 'anchors.jsonl'),
    control: { tokensFile: (await sandboxTokens(directory)).tokensFile },
  });
  await writeFile(join(directory, 'lakehaul.yaml'), `# yaml-language-server: $schema=./lakehaul.schema.json\n${text}`);
  const envFile = await writeEnvFile({ directory, credentials: clouds.credentials });
  await writeState(directory, { pid: process.pid, endpoints: clouds.endpoints, credentials: clouds.credentials });
  try {
    if (call.flags['json'] === true)
      printJson(call.terminal, SANDBOX_UP_JSON, { directory, endpoints: clouds.endpoints });
    else
      call.terminal.out(
        [
          `the local clouds run; Ctrl-C stops them, their data stays in ${shortPath(directory)}`,
          `  S3          ${clouds.endpoints.s3}`,
          `  Redshift    ${clouds.endpoints.redshift}`,
          `  Databricks  https://${clouds.endpoints.databricks.host}:${clouds.endpoints.databricks.port}${clouds.endpoints.databricks.httpPath}`,
          'in another terminal:',
          `  lakehaul sandbox load public.events FILE…`,
          `  . ${shortPath(envFile)}    # credentials, and which lakehaul.yaml is meant`,
          '  lakehaul run',
        ].join('\n'),
      );
    await new Promise<void>((done) => {
      if (call.signal.aborted) done();
      else call.signal.addEventListener('abort', () => done(), { once: true });
    });
  } finally {
    await removeState(directory);
  }
  return EXIT.done;
}

async function load(call: VerbCall): Promise<number> {
  const [, name, ...files] = call.operands;
  const parts = /^([^.]+)\.(.+)$/s.exec(name ?? '');
  if (parts === null || files.length === 0)
    throw new LakehaulError('USAGE', 'sandbox load needs SCHEMA.TABLE and at least one file', {
      next: 'lakehaul sandbox load public.events events.csv',
    });
  const directory = resolve(String(call.flags['directory']));
  const loaded = await loadTable({
    directory,
    schema: parts[1] ?? '',
    table: parts[2] ?? '',
    files: files.map((file) => resolve(file)),
    ddlFile: typeof call.flags['ddl'] === 'string' ? call.flags['ddl'] : null,
  });
  if (call.flags['json'] === true)
    printJson(call.terminal, SANDBOX_LOAD_JSON, { table: name ?? '', rows: loaded.rowCount.toString() });
  else call.terminal.out(`${name}: ${counted(loaded.rowCount, 'row')}`);
  return EXIT.done;
}

async function sql(call: VerbCall): Promise<number> {
  const [, side, text] = call.operands;
  if ((side !== 'redshift' && side !== 'databricks') || text === undefined)
    throw new LakehaulError('USAGE', 'sandbox sql needs a side and a statement', {
      next: 'lakehaul sandbox sql redshift "SELECT 1"',
    });
  const state = await mustState(resolve(String(call.flags['directory'])));
  await using client = side === 'redshift' ? openRedshiftSql(state) : await openDatabricksSql(state);
  const result = await client.run(text);
  if (call.flags['json'] === true) printJson(call.terminal, SANDBOX_SQL_JSON, result);
  else call.terminal.out(rowsText(result, call.terminal.columns));
  return EXIT.done;
}

async function fault(call: VerbCall): Promise<number> {
  const [, plan] = call.operands;
  const state = await mustState(resolve(String(call.flags['directory'])));
  const answer =
    plan === undefined
      ? await showFaultPlan(state)
      : plan === 'release'
        ? await releaseFaults(state)
        : await setFaultPlan(state, plan);
  call.terminal.out(JSON.stringify(answer, null, 2));
  return EXIT.done;
}

async function warehouse(call: VerbCall): Promise<number> {
  const state = await mustState(resolve(String(call.flags['directory'])));
  call.terminal.out(JSON.stringify(await setWarehouse(state, call.operands[1]), null, 2));
  return EXIT.done;
}

const SHOWN_ROWS = 1_000;

function rowsText(result: SqlRows, width: number): string {
  if (result.columns.length === 0) return 'done';
  const shown = result.rows.slice(0, SHOWN_ROWS);
  const text = table(
    shown,
    result.columns.map((title, index) => ({
      title,
      text: (row: (string | null)[]) => row[index] ?? 'NULL',
      isFlexible: index === result.columns.length - 1,
    })),
    width,
  );
  const more = result.rows.length - shown.length;
  return `${text}\n(${counted(result.rows.length, 'row')}${more > 0 ? `, ${count(more)} not shown; --json prints all` : ''})`;
}
