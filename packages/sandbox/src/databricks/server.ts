import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import TCLIService from '@databricks/sql/thrift/TCLIService.js';
import { generate } from 'selfsigned';
import { TBinaryProtocol, TBufferedTransport } from 'thrift';
import type { Engine, Faults, LocalObjects } from '../contracts.ts';
import { FaultError } from '../faults.ts';
import { Executor } from './executor.ts';
import { answerRest, type RestContext, type WarehouseState } from './rest.ts';
import { type DatabricksSwitches, DEFAULT_SWITCHES } from './switches.ts';
import { ThriftService } from './thrift-service.ts';
import { isKnown } from './tokens.ts';
import { Warehouse } from './warehouse.ts';

export interface DatabricksOptions {
  engine: Engine;
  objects: LocalObjects;
  faults: Faults;
  /** Asked before every call. */
  latency?: { wait(point: string): Promise<void> };
  switches?: Partial<DatabricksSwitches>;
  credentials: { token: string; user?: string; clientId?: string; clientSecret?: string };
  /** 0 (the default) = any free port. */
  port?: number;
  nowMs?: () => number;
}

export interface RunningDatabricks {
  host: string;
  port: number;
  httpPath: string;
  /** The certificate to trust: customCaCert of the driver. */
  caPem: string;
  token: string;
  warehouseId: string;
  /** Stopping cancels what runs and forgets all sessions; resolves when nothing can commit any more. */
  setState(state: WarehouseState): Promise<void>;
  stop(): Promise<void>;
}

const WAREHOUSE_ID = '5a4d6b0c1e2f3a4b';

/** Starts the warehouse on 127.0.0.1: Thrift for the driver and the REST calls, both behind one TLS port. */
export async function startDatabricks(options: DatabricksOptions): Promise<RunningDatabricks> {
  const switches = { ...DEFAULT_SWITCHES, ...options.switches };
  const nowMs = options.nowMs ?? Date.now;
  const user = options.credentials.user ?? 'lakehaul@sandbox.invalid';
  const executor = await Executor.open({ ...options, switches, nowMs });
  const warehouse = new Warehouse({
    slots: switches.slots,
    queueMax: switches.queueMax,
    nowMs,
    execute: (statement) => executor.execute(statement),
  });
  const state: RestContext['state'] = { warehouse: 'RUNNING' };
  const thrift = new ThriftService({
    warehouse,
    faults: options.faults,
    user,
    catalog: switches.catalog,
    schema: 'default',
    isRunning: () => state.warehouse === 'RUNNING',
  });
  const setState = async (wanted: WarehouseState): Promise<void> => {
    state.warehouse = wanted;
    if (wanted === 'RUNNING') return;
    await warehouse.stop();
    thrift.forget();
  };
  const { server, caPem } = await tlsServer();
  const httpPath = `/sql/1.0/warehouses/${WAREHOUSE_ID}`;
  const tokens = new Set([options.credentials.token]);
  const rest: RestContext = {
    warehouse,
    warehouseId: WAREHOUSE_ID,
    faults: options.faults,
    tokens,
    user,
    catalog: switches.catalog,
    credentials: options.credentials,
    state,
    setState,
    submitted: new Set(),
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '/', 'https://localhost').pathname;
    const body = await readBody(request);
    if (path.startsWith('/oidc/') || path.startsWith('/api/')) {
      await options.latency?.wait('databricks.rest');
      return answerRest({ request, response, body, context: rest });
    }
    if (!isKnown(request, tokens)) return refuse(response, 401, 'Invalid access token.');
    if (path !== httpPath) return refuse(response, 404, `No warehouse at ${path}.`);
    await answerThrift({ service: thrift, latency: options.latency, body, response });
  };
  server.on('request', (request, response) => {
    handle(request, response).catch((error: unknown) => endWithError(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    httpPath,
    caPem,
    token: options.credentials.token,
    warehouseId: WAREHOUSE_ID,
    setState,
    async stop() {
      await warehouse.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function tlsServer(): Promise<{ server: Server; caPem: string }> {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { server: createServer({ key: pems.private, cert: pems.cert, keepAlive: true }), caPem: pems.cert };
}

function answerThrift(call: {
  service: ThriftService;
  latency: DatabricksOptions['latency'];
  body: Buffer;
  response: ServerResponse;
}): Promise<void> {
  const { service, latency, body, response } = call;
  const run = async (name: (typeof METHODS)[number], request: never): Promise<object> => {
    await latency?.wait(`databricks.${name}`);
    return service[name](request);
  };
  return new Promise((resolve, reject) => {
    const handler = Object.fromEntries(
      METHODS.map((name) => [
        name,
        (request: never, done: (error: unknown, answer?: object) => void) => {
          run(name, request).then(
            (answer) => done(null, answer),
            // An answer that is lost, or an injected fault, leaves no Thrift message at all.
            reject,
          );
        },
      ]),
    );
    const processor = new TCLIService.Processor(handler as never);
    const output = new TBufferedTransport(undefined, (message) => {
      response.writeHead(200, { 'content-type': 'application/x-thrift', 'content-length': message.length });
      response.end(message, () => resolve());
    });
    TBufferedTransport.receiver((input) => {
      processor.process(new TBinaryProtocol(input) as never, new TBinaryProtocol(output) as never);
    })(body);
  });
}

const METHODS = [
  'OpenSession',
  'CloseSession',
  'GetInfo',
  'ExecuteStatement',
  'GetOperationStatus',
  'GetResultSetMetadata',
  'FetchResults',
  'CancelOperation',
  'CloseOperation',
] as const;

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  const codes: Record<number, string> = { 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 404: 'NOT_FOUND' };
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error_code: codes[status] ?? 'INTERNAL_ERROR', message }));
}

/** An injected error carries its HTTP status; a cut or a lost answer ends the connection. */
function endWithError(response: ServerResponse, error: unknown): void {
  if (!(error instanceof FaultError) || error.kind === 'cut') {
    response.destroy();
    return;
  }
  refuse(response, error.status ?? 500, error.message);
}
