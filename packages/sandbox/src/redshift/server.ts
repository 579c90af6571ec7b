import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Engine, FaultHit, Faults, LocalObjects } from '../contracts.ts';
import { FaultError } from '../faults.ts';
import type { Latency } from '../latency.ts';
import { openCatalogue } from './catalogue.ts';
import { EndedQueries } from './ended-queries.ts';
import { Executor } from './executor.ts';
import { type LoadFilesRequest, loadFiles } from './load.ts';
import { OPERATIONS, type OperationContext, type OperationInput, RawJson } from './operations.ts';
import { QueryHistory } from './query-history.ts';
import { ServiceError } from './service-error.ts';
import { type AccessKey, checkSignature } from './signature.ts';
import { StatementStore } from './statement-store.ts';
import { defaultSwitches, type RedshiftSwitches } from './switches.ts';
import { Throttle } from './throttle.ts';

export interface RedshiftOptions {
  engine: Engine;
  objects: LocalObjects;
  faults: Faults;
  latency?: Pick<Latency, 'wait'>;
  switches?: RedshiftSwitches;
  credentials: AccessKey | readonly AccessKey[];
  /** 0 or nothing: any free port. */
  port?: number;
  host?: string;
}

export interface RunningRedshift {
  url: string;
  /** The object that the server reads; change it to change behaviour. */
  switches: RedshiftSwitches;
  /** Bulk load of local files into a table, past the protocol. */
  loadFiles(request: LoadFilesRequest): Promise<{ rowCount: number }>;
  stop(): Promise<void>;
}

const BODY_BYTES_MAX = 16 * 1024 * 1024;

/** The Redshift Data API over HTTP: AWS JSON 1.1, POST /, `X-Amz-Target: RedshiftData.<Operation>`. */
export async function startRedshift(options: RedshiftOptions): Promise<RunningRedshift> {
  const switches = options.switches ?? defaultSwitches();
  const directory = join(options.engine.directory, 'redshift');
  const store = new StatementStore(directory, switches);
  await store.open();
  const history = new QueryHistory(directory, () => switches.timeOffsetMs);
  await history.open();
  const endedQueries = await EndedQueries.open(options.engine, history);
  const catalogue = await openCatalogue(options.engine, switches);
  const latency = options.latency ?? { wait: async () => undefined };
  const executor = new Executor({ ...options, latency, store, history, endedQueries, catalogue, switches });
  const context: OperationContext = { store, executor, switches, engine: options.engine, catalogue };
  const keys = Array.isArray(options.credentials) ? options.credentials : [options.credentials as AccessKey];
  const throttle = new Throttle(switches);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const operation = String(request.headers['x-amz-target'] ?? '').replace(/^RedshiftData\./, '');
    const handler = OPERATIONS[operation];
    if (request.method !== 'POST' || !handler) throw new ServiceError('UnknownOperationException', '', { status: 404 });
    checkSignature({ method: request.method, path: request.url ?? '/', headers: request.headers, body }, keys);
    throttle.take(operation);
    const input = parseInput(body);
    const hit = await options.faults.before(`redshift.${operation}`, faultText(input));
    await latency.wait(`redshift.${operation}`);
    const output = await handler(context, input);
    // Not before the work: what was asked for goes on although nobody hears of it.
    if (options.faults.losesAnswer(hit)) request.socket.destroy();
    else send(response, 200, output instanceof RawJson ? output.text : JSON.stringify(output), hit);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => sendError(request, response, error));
  });
  server.keepAliveTimeout = 30_000;
  await listen(server, options.port ?? 0, options.host ?? '127.0.0.1');
  const { port, address } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${port}`,
    switches,
    async loadFiles(request) {
      const { connection, release } = await options.engine.acquire();
      try {
        return await loadFiles({ ...options, connection, history, endedQueries, catalogue, switches }, request);
      } finally {
        release();
      }
    },
    async stop() {
      const stopped = executor.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await stopped;
      await store.close();
      await history.close();
    },
  };
}

function parseInput(body: Uint8Array): OperationInput {
  try {
    const input: unknown = JSON.parse(Buffer.from(body).toString('utf8') || '{}');
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as OperationInput;
  } catch {
    // Falls through: what is no JSON is answered like what is no object.
  }
  throw new ServiceError('SerializationException', 'Start of structure or map found where not expected.');
}

/** What a planned fault may match: the statement text, the name, or the id. */
function faultText(input: OperationInput): string {
  const texts = [input['StatementName'], input['Id'], input['Sql'], input['Sqls']].flat();
  return texts.filter((text) => typeof text === 'string').join('\n');
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of request) {
    sizeBytes += (part as Buffer).length;
    if (sizeBytes > BODY_BYTES_MAX)
      throw new ServiceError('RequestEntityTooLarge', 'Request too long', { status: 413 });
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}

function send(response: ServerResponse, status: number, body: string, hit: FaultHit | null): void {
  let bytes = Buffer.from(body, 'utf8');
  if (hit?.fault.happens.kind === 'truncate') bytes = bytes.subarray(0, hit.fault.happens.bytes);
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'content-length': Buffer.byteLength(body, 'utf8'),
    'x-amzn-requestid': randomUUID(),
  });
  // A cut body: the promised length never arrives.
  if (bytes.length < Buffer.byteLength(body, 'utf8')) response.write(bytes, () => response.destroy());
  else response.end(bytes);
}

function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const failure = asFailure(error);
  if (failure === 'cut') {
    request.socket.destroy();
    return;
  }
  const body = JSON.stringify({
    __type: failure.type,
    Message: failure.message,
    message: failure.message,
    ...failure.fields,
  });
  if (!response.headersSent && !response.destroyed) send(response, failure.status, body, null);
}

/** Errors of the model that are the service's fault (`$fault: server`). */
const SERVER_FAULTS = /Internal|Unavailable|ExecuteStatementException|DatabaseConnection/;

/** Everything unknown is the service's own failure. */
function asFailure(error: unknown): ServiceError | 'cut' {
  if (error instanceof ServiceError) return error;
  if (error instanceof FaultError) {
    if (error.kind === 'cut') return 'cut';
    const status = error.status ?? (SERVER_FAULTS.test(error.code) ? 500 : 400);
    return new ServiceError(error.code, error.message, { status });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new ServiceError('InternalServerException', message, { status: 500 });
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}
