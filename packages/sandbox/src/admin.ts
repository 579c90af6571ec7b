import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LakehaulError } from '@lakehaul/core';
import type { Fault } from './contracts.ts';
import type { WarehouseState } from './databricks/rest.ts';
import type { FaultPlan } from './faults.ts';

export interface LoadRequest {
  schema: string;
  table: string;
  /** Paths of local Parquet, NDJSON(.gz) or CSV files. */
  files: string[];
  ddl?: string;
}

export interface AdminOptions {
  faults: FaultPlan;
  load(request: LoadRequest): Promise<{ rowCount: bigint }>;
  setWarehouse(state: WarehouseState): Promise<void>;
  port?: number;
}

const BODY_BYTES = 4 << 20;

/** What each kind needs beside its name. */
const KINDS: Readonly<Record<Fault['happens']['kind'], (happens: Readonly<Record<string, unknown>>) => boolean>> = {
  error: ({ code, status, message }) =>
    typeof code === 'string' && isOptional(status, 'number') && isOptional(message, 'string'),
  delay: ({ ms, until }) => (until === undefined ? typeof ms === 'number' : until === 'released'),
  'cut-before': () => true,
  'answer-lost': () => true,
  truncate: ({ bytes }) => typeof bytes === 'number',
  corrupt: ({ offset }) => typeof offset === 'number',
  'disk-full': () => true,
  'token-expired': () => true,
  throttled: () => true,
  signal: ({ name }) => typeof name === 'string',
};
const FIELDS = ['point', 'nth', 'match', 'except', 'probability', 'seed', 'fromMs', 'untilMs', 'happens'];

function isOptional(value: unknown, type: 'number' | 'string'): boolean {
  return value === undefined || typeof value === type;
}

function isFault(value: unknown): value is Fault {
  if (typeof value !== 'object' || value === null) return false;
  const fault = value as Partial<Fault>;
  const happens = fault.happens as ({ kind?: string } & Record<string, unknown>) | undefined;
  const kind = happens?.kind ?? '';
  return (
    Object.keys(value).every((name) => FIELDS.includes(name)) &&
    typeof fault.point === 'string' &&
    Number.isInteger(fault.nth) &&
    (fault.nth ?? -1) >= 0 &&
    isOptional(fault.match, 'string') &&
    isOptional(fault.except, 'string') &&
    [fault.seed, fault.fromMs, fault.untilMs].every((number) => isOptional(number, 'number')) &&
    (fault.probability === undefined || (fault.probability > 0 && fault.probability <= 1)) &&
    happens !== undefined &&
    Object.hasOwn(KINDS, kind) &&
    KINDS[kind as Fault['happens']['kind']](happens)
  );
}

function readPlan(body: unknown): Fault[] {
  if (Array.isArray(body) && body.every(isFault)) return body;
  throw new LakehaulError(
    'USAGE',
    `a fault plan is a JSON list of {point, nth, match?, except?, probability?, seed?, fromMs?, untilMs?, happens: {kind: ${Object.keys(KINDS).join(' | ')}, …}}`,
  );
}

function readState(body: unknown): WarehouseState {
  const state = (body as { state?: unknown } | null)?.state;
  if (state === 'RUNNING' || state === 'STOPPED') return state;
  throw new LakehaulError('USAGE', 'a warehouse is {state: "RUNNING" | "STOPPED"}');
}

function readLoad(body: unknown): LoadRequest {
  const load = body as Partial<LoadRequest> | null;
  const isWhole =
    typeof load?.schema === 'string' &&
    typeof load.table === 'string' &&
    Array.isArray(load.files) &&
    load.files.every((file) => typeof file === 'string') &&
    (load.ddl === undefined || typeof load.ddl === 'string');
  if (!isWhole) throw new LakehaulError('USAGE', 'a load is {schema, table, files: [path, …], ddl?}');
  return load as LoadRequest;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  // A page in a browser cannot send this type to another origin without asking, and it is never allowed.
  if (!(request.headers['content-type'] ?? '').startsWith('application/json'))
    throw new LakehaulError('USAGE', 'content-type must be application/json');
  const parts: Buffer[] = [];
  let size = 0;
  for await (const bytes of request as AsyncIterable<Buffer>) {
    size += bytes.length;
    if (size > BODY_BYTES) throw new LakehaulError('USAGE', `the body is longer than ${BODY_BYTES} bytes`);
    parts.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch (error) {
    throw new LakehaulError('USAGE', 'the body is no JSON', { cause: error });
  }
}

/** The sandbox's own endpoint, on loopback: fault plans from other processes, and data from files. */
export async function startAdmin(options: AdminOptions): Promise<{ url: string; stop(): Promise<void> }> {
  const { faults } = options;

  async function answer(request: IncomingMessage): Promise<object> {
    switch (`${request.method} ${request.url}`) {
      case 'GET /healthz':
        return { isHealthy: true };
      case 'GET /faults':
        return { plan: faults.plan, hits: faults.hits };
      case 'POST /faults':
        faults.set(readPlan(await readJson(request)));
        return { plan: faults.plan, hits: faults.hits };
      case 'POST /faults/release':
        faults.release();
        return { isReleased: true };
      case 'POST /warehouse': {
        const state = readState(await readJson(request));
        await options.setWarehouse(state);
        return { state };
      }
      case 'POST /load': {
        const { rowCount } = await options.load(readLoad(await readJson(request)));
        return { rowCount: String(rowCount) };
      }
      default:
        throw new LakehaulError('USAGE', `there is no ${request.method} ${request.url} here`);
    }
  }

  const server = createServer((request, response) => {
    const send = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    answer(request).then(
      (body) => send(200, body),
      (error: unknown) => send(400, { message: error instanceof Error ? error.message : String(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
