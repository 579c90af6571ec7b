/** The workspace's REST calls that lakehaul makes: query history, warehouses, statement execution, OAuth tokens. */
import { Buffer } from 'node:buffer';
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Faults } from '../contracts.ts';
import { FaultError } from '../faults.ts';
import { historyPage } from './rest-history.ts';
import { newSettings, type Session } from './session.ts';
import { isKnown } from './tokens.ts';
import { typeText, valueText } from './values.ts';
import { asSqlError, type Statement, type Warehouse } from './warehouse.ts';

export type WarehouseState = 'RUNNING' | 'STOPPED';

export interface RestContext {
  warehouse: Warehouse;
  warehouseId: string;
  faults: Faults;
  tokens: Set<string>;
  user: string;
  catalog: string;
  credentials: { clientId?: string; clientSecret?: string };
  state: { warehouse: WarehouseState };
  setState(state: WarehouseState): Promise<void>;
  /** Statement Execution API: what it submitted. */
  submitted: Set<string>;
}

interface Call {
  method: string;
  url: URL;
  body: Buffer;
  context: RestContext;
}

/** A refusal in the workspace's form. */
class RestError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export async function answerRest(request: {
  request: IncomingMessage;
  response: ServerResponse;
  body: Buffer;
  context: RestContext;
}): Promise<void> {
  const { response, body, context } = request;
  const url = new URL(request.request.url ?? '/', 'https://localhost');
  const call: Call = { method: request.request.method ?? 'GET', url, body, context };
  try {
    const isToken = url.pathname.startsWith('/oidc/');
    if (!isToken && !isKnown(request.request, context.tokens))
      throw new RestError(401, 'UNAUTHENTICATED', 'Invalid access token.');
    send(response, 200, await (isToken ? oidc(call, request.request) : api(call)));
  } catch (error) {
    if (error instanceof FaultError) {
      if (error.kind === 'cut') response.destroy();
      else send(response, error.status ?? 500, { error_code: error.code, message: error.message });
    } else if (error instanceof RestError) {
      send(response, error.status, { error_code: error.code, message: error.message });
    } else throw error;
  }
}

function send(response: ServerResponse, status: number, answer: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer));
}

async function api(call: Call): Promise<unknown> {
  const { method, url, context } = call;
  const path = url.pathname.replace(/\/$/, '');
  if (path === '/api/2.0/sql/history/queries' && method === 'GET') {
    await context.faults.before('databricks.history', url.search);
    return historyPage(context, filters(call));
  }
  if (path === '/api/2.0/sql/warehouses' && method === 'GET') return { warehouses: [warehouseInfo(context)] };
  const warehouse = /^\/api\/2\.0\/sql\/warehouses\/([^/]+)(?:\/(start|stop))?$/.exec(path);
  if (warehouse) return warehouseCall(call, warehouse[1] ?? '', warehouse[2] ?? null);
  if (path === '/api/2.0/preview/scim/v2/Me') return { userName: context.user, active: true };
  const statement = /^\/api\/2\.0\/sql\/statements(?:\/([^/]+))?(?:\/(cancel))?$/.exec(path);
  if (statement) return statementCall(call, statement[1] ?? null, statement[2] === 'cancel');
  throw new RestError(404, 'ENDPOINT_NOT_FOUND', `No API found for '${method} ${path}'`);
}

/** `filter_by` comes as a JSON body, or as the SDKs write it: dotted query parameters, repeated for lists. */
function filters({ url, body }: Call): Record<string, unknown> {
  const given: Record<string, unknown> = body.length > 0 ? parseJson(body) : {};
  for (const key of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(key);
    const path = key.split('.');
    const last = path.pop() ?? '';
    let at = given;
    for (const part of path) {
      const next = (at[part] ?? {}) as Record<string, unknown>;
      at[part] = next;
      at = next;
    }
    at[last] = ['statement_ids', 'warehouse_ids', 'statuses', 'user_ids'].includes(last)
      ? values.flatMap((value) => value.split(','))
      : values[0];
  }
  return given;
}

function parseJson(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  } catch {
    throw new RestError(400, 'MALFORMED_REQUEST', 'The body is not JSON.');
  }
}

async function warehouseCall(call: Call, id: string, verb: string | null): Promise<unknown> {
  const { context, method } = call;
  if (id !== context.warehouseId) throw new RestError(404, 'RESOURCE_DOES_NOT_EXIST', `No warehouse ${id}.`);
  if (verb === null && method === 'GET') return warehouseInfo(context);
  if (verb === null || method !== 'POST') throw new RestError(405, 'METHOD_NOT_ALLOWED', `${method} is not allowed.`);
  await context.setState(verb === 'start' ? 'RUNNING' : 'STOPPED');
  return {};
}

function warehouseInfo(context: RestContext): unknown {
  const open = context.warehouse.all().filter((statement) => statement.endedMs === null).length;
  return {
    id: context.warehouseId,
    name: 'lakehaul-sandbox',
    cluster_size: '2X-Small',
    min_num_clusters: 1,
    max_num_clusters: 1,
    auto_stop_mins: 0,
    warehouse_type: 'PRO',
    enable_serverless_compute: false,
    state: context.state.warehouse,
    num_clusters: context.state.warehouse === 'RUNNING' ? 1 : 0,
    num_active_sessions: open,
    health: { status: 'HEALTHY' },
  };
}

async function statementCall(call: Call, id: string | null, cancel: boolean): Promise<unknown> {
  const { context, method } = call;
  if (id === null) {
    if (method !== 'POST') throw new RestError(405, 'METHOD_NOT_ALLOWED', `${method} is not allowed.`);
    return submitStatement(call);
  }
  const statement = context.submitted.has(id) ? context.warehouse.find(id) : null;
  if (!statement) throw new RestError(404, 'RESOURCE_DOES_NOT_EXIST', `The statement ${id} was not found.`);
  if (!cancel) return statementAnswer(statement);
  statement.cancel();
  return {};
}

async function submitStatement({ body, context }: Call): Promise<unknown> {
  const request = parseJson(body);
  const text = String(request['statement'] ?? '');
  await context.faults.before('databricks.ExecuteStatement', text);
  // The real one is started by the call, after minutes; here only `start` starts it.
  if (context.state.warehouse === 'STOPPED')
    throw new RestError(503, 'TEMPORARILY_UNAVAILABLE', 'The SQL warehouse is stopped or starting.');
  if (request['warehouse_id'] !== context.warehouseId)
    throw new RestError(404, 'RESOURCE_DOES_NOT_EXIST', `No warehouse ${String(request['warehouse_id'])}.`);
  const session: Session = {
    id: randomUUID(),
    user: context.user,
    catalog: String(request['catalog'] ?? context.catalog),
    schema: String(request['schema'] ?? 'default'),
    settings: newSettings({}),
  };
  const parameters = (request['parameters'] ?? []) as { name: string; type?: string; value?: string | null }[];
  const waitSeconds = Number(/^(\d+)s$/.exec(String(request['wait_timeout'] ?? '10s'))?.[1] ?? 10);
  let statement: Statement;
  try {
    statement = context.warehouse.submit({
      session,
      text,
      parameters: parameters.map((one) => ({ name: one.name, type: one.type ?? 'STRING', value: one.value ?? null })),
    });
  } catch (error) {
    throw new RestError(429, 'RESOURCE_EXHAUSTED', asSqlError(error).message);
  }
  context.submitted.add(statement.id);
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, waitSeconds * 1000);
  });
  await Promise.race([statement.done, limit]);
  clearTimeout(timer);
  if (statement.endedMs === null && request['on_wait_timeout'] === 'CANCEL') statement.cancel();
  return statementAnswer(statement);
}

const API_STATES = {
  QUEUED: 'PENDING',
  RUNNING: 'RUNNING',
  FINISHED: 'SUCCEEDED',
  FAILED: 'FAILED',
  TIMEDOUT: 'FAILED',
  CANCELED: 'CANCELED',
} as const;

/** INLINE disposition, JSON_ARRAY format: every value is text. */
function statementAnswer(statement: Statement): unknown {
  const { outcome, error } = statement;
  const status = {
    state: API_STATES[statement.state],
    ...(error ? { error: { error_code: 'BAD_REQUEST', message: error.message }, sql_state: error.sqlState } : {}),
  };
  if (!outcome) return { statement_id: statement.id, status };
  const { columns, data, rowCount } = outcome.result;
  const rows = Array.from({ length: rowCount }, (_, row) =>
    columns.map((column, index) => valueText(data[index]?.[row] ?? null, column.type)),
  );
  const schema = columns.map((column, position) => ({
    name: column.name,
    position,
    type_name: column.type.kind,
    type_text: typeText(column.type),
  }));
  return {
    statement_id: statement.id,
    status,
    manifest: {
      format: 'JSON_ARRAY',
      schema: { column_count: columns.length, columns: schema },
      total_chunk_count: rowCount === 0 ? 0 : 1,
      total_row_count: rowCount,
      truncated: false,
    },
    result: { chunk_index: 0, row_offset: 0, row_count: rowCount, data_array: rows },
  };
}

/** OAuth M2M: client credentials for a token of an hour. */
async function oidc({ method, url, body, context }: Call, request: IncomingMessage): Promise<unknown> {
  const origin = `https://${request.headers.host}/oidc`;
  if (url.pathname.endsWith('/.well-known/oauth-authorization-server'))
    return { issuer: origin, token_endpoint: `${origin}/v1/token`, authorization_endpoint: `${origin}/v1/authorize` };
  if (url.pathname !== '/oidc/v1/token' || method !== 'POST')
    throw new RestError(404, 'ENDPOINT_NOT_FOUND', `No API found for '${method} ${url.pathname}'`);
  const { clientId, clientSecret } = context.credentials;
  const expected = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const form = new URLSearchParams(body.toString('utf8'));
  if (clientId === undefined || request.headers.authorization !== `Basic ${expected}`)
    throw new RestError(401, 'invalid_client', 'Client authentication failed.');
  if (form.get('grant_type') !== 'client_credentials')
    throw new RestError(400, 'unsupported_grant_type', 'Only client_credentials.');
  const token = randomBytes(24).toString('base64url');
  context.tokens.add(token);
  return { access_token: token, token_type: 'Bearer', expires_in: 3600, scope: form.get('scope') ?? 'all-apis' };
}
