import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Faults } from '../contracts.ts';
import { FaultError } from '../faults.ts';
import type { Latency } from '../latency.ts';
import { isDenied } from './bucket-policy.ts';
import { BucketSettings } from './bucket-settings.ts';
import { header, type S3Call, sendEmpty } from './call.ts';
import { getObject } from './get-object.ts';
import { bucketLocation, listBuckets, listObjectsV2 } from './listing.ts';
import { MultipartUploads } from './multipart.ts';
import { copyObject, deleteObject, deleteObjects, putObject } from './objects.ts';
import { S3Error } from './s3-error.ts';
import { type S3Credentials, verifySignature } from './signature.ts';
import type { ObjectFiles } from './store.ts';
import { element } from './xml.ts';

export interface S3ServerOptions {
  objects: ObjectFiles;
  faults: Faults;
  credentials: S3Credentials;
  latency?: Pick<Latency, 'wait'>;
  /** 0 = any free one. */
  port?: number;
  nowMs?: () => number;
}

export interface S3Server {
  url: string;
  stop(): Promise<void>;
}

interface Parts {
  uploads: MultipartUploads;
  faults: Faults;
  settings: BucketSettings;
}

type Handler = (call: S3Call, server: Parts) => Promise<void> | void;

const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Operation names are those of S3's API, and so are the fault points: `s3.PutObject`. */
const OPERATIONS: Record<string, Handler> = {
  ListBuckets: listBuckets,
  async CreateBucket(call) {
    if (!BUCKET_NAME.test(call.bucket))
      throw new S3Error('InvalidArgument', call.bucket, 'The bucket name is not valid.');
    if (!(await call.store.createBucket(call.bucket))) throw new S3Error('BucketAlreadyOwnedByYou', call.bucket);
    sendEmpty(call, 200, { location: `/${call.bucket}` });
  },
  HeadBucket: (call) => sendEmpty(call, 200, { 'x-amz-bucket-region': 'us-east-1' }),
  GetBucketLocation: bucketLocation,
  GetBucketVersioning: (call, { settings }) => settings.get(call, 'versioning'),
  PutBucketVersioning: (call, { settings }) => settings.put(call, 'versioning'),
  GetBucketEncryption: (call, { settings }) => settings.get(call, 'encryption'),
  PutBucketEncryption: (call, { settings }) => settings.put(call, 'encryption'),
  GetPublicAccessBlock: (call, { settings }) => settings.get(call, 'publicAccessBlock'),
  PutPublicAccessBlock: (call, { settings }) => settings.put(call, 'publicAccessBlock'),
  GetBucketLifecycleConfiguration: (call, { settings }) => settings.get(call, 'lifecycle'),
  PutBucketLifecycleConfiguration: (call, { settings }) => settings.put(call, 'lifecycle'),
  GetObjectLockConfiguration: (call, { settings }) => settings.get(call, 'object-lock'),
  PutObjectLockConfiguration: (call, { settings }) => settings.put(call, 'object-lock'),
  GetBucketPolicy: (call, { settings }) => settings.getPolicy(call),
  PutBucketPolicy: (call, { settings }) => settings.putPolicy(call),
  DeleteBucketPolicy: (call, { settings }) => settings.deletePolicy(call),
  GetBucketPolicyStatus: (call, { settings }) => settings.getPolicyStatus(call),
  ListObjectsV2: listObjectsV2,
  DeleteObjects: (call, { faults, settings }) =>
    deleteObjects(call, async (key) => {
      if (
        isDenied(settings.policyOf(call.bucket), { action: 's3:DeleteObject', bucket: call.bucket, key, context: {} })
      )
        return { code: 'AccessDenied', message: 'Access Denied' };
      try {
        await faults.before('s3.DeleteObjects.key', `${call.bucket}/${key}`);
        return null;
      } catch (error) {
        if (error instanceof FaultError && error.kind === 'error') return { code: error.code, message: error.message };
        throw error;
      }
    }),
  PutObject: putObject,
  CopyObject: copyObject,
  GetObject: (call) => getObject(call, true),
  HeadObject: (call) => getObject(call, false),
  DeleteObject: deleteObject,
  CreateMultipartUpload: (call, { uploads }) => uploads.create(call),
  UploadPart: (call, { uploads }) => uploads.uploadPart(call),
  CompleteMultipartUpload: (call, { uploads }) => uploads.complete(call),
  AbortMultipartUpload: (call, { uploads }) => uploads.abort(call),
  ListParts: (call, { uploads }) => uploads.listParts(call),
  ListMultipartUploads: (call, { uploads }) => uploads.listUploads(call),
};

/** Query names that choose an operation; any other one of S3's sub-resources is refused, not guessed at. */
const BUCKET_GETS: Record<string, string> = {
  location: 'GetBucketLocation',
  versioning: 'GetBucketVersioning',
  policy: 'GetBucketPolicy',
  'object-lock': 'GetObjectLockConfiguration',
  lifecycle: 'GetBucketLifecycleConfiguration',
  encryption: 'GetBucketEncryption',
  publicAccessBlock: 'GetPublicAccessBlock',
  policyStatus: 'GetBucketPolicyStatus',
  uploads: 'ListMultipartUploads',
};
const BUCKET_PUTS: Record<string, string> = {
  versioning: 'PutBucketVersioning',
  policy: 'PutBucketPolicy',
  'object-lock': 'PutObjectLockConfiguration',
  lifecycle: 'PutBucketLifecycleConfiguration',
  encryption: 'PutBucketEncryption',
  publicAccessBlock: 'PutPublicAccessBlock',
};
const PLAIN_QUERY =
  /^(x-id|list-type|prefix|delimiter|max-keys|start-after|continuation-token|encoding-type|fetch-owner|uploadId|partNumber|max-uploads|max-parts)$/;

function operationOf(call: S3Call): string {
  const method = call.request.method ?? '';
  const { query } = call;
  const special = [...query.keys()].filter((name) => !PLAIN_QUERY.test(name));
  if (call.bucket === '') return method === 'GET' ? 'ListBuckets' : '';
  if (call.key === '') {
    if (method === 'POST' && special.join() === 'delete') return 'DeleteObjects';
    if (method === 'GET' && special.length === 1) return BUCKET_GETS[special[0] ?? ''] ?? '';
    if (method === 'PUT' && special.length === 1) return BUCKET_PUTS[special[0] ?? ''] ?? '';
    if (method === 'DELETE' && special.join() === 'policy') return 'DeleteBucketPolicy';
    if (special.length > 0) return '';
    if (method === 'GET') return query.get('list-type') === '2' ? 'ListObjectsV2' : '';
    return { PUT: 'CreateBucket', HEAD: 'HeadBucket' }[method] ?? '';
  }
  if (method === 'POST' && special.join() === 'uploads') return 'CreateMultipartUpload';
  if (special.length > 0) return '';
  if (query.has('uploadId'))
    return (
      { PUT: 'UploadPart', POST: 'CompleteMultipartUpload', DELETE: 'AbortMultipartUpload', GET: 'ListParts' }[
        method
      ] ?? ''
    );
  if (method === 'PUT') return header(call, 'x-amz-copy-source') === undefined ? 'PutObject' : 'CopyObject';
  // A part of an object by number would need the parts' bounds, which are not kept.
  if (query.has('partNumber')) return '';
  return { GET: 'GetObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' }[method] ?? '';
}

function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    query.set(
      decodeURIComponent(name),
      equals < 0 ? '' : decodeURIComponent(pair.slice(equals + 1).replaceAll('+', ' ')),
    );
  }
  return query;
}

/** Path-style addresses only: /bucket/key. */
function parseUrl(url: string): { bucket: string; key: string; query: Map<string, string> } {
  try {
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const slash = path.indexOf('/', 1);
    return {
      bucket: decodeURIComponent(path.slice(1, slash < 0 ? undefined : slash)),
      key: slash < 0 ? '' : decodeURIComponent(path.slice(slash + 1)),
      query: parseQuery(mark < 0 ? '' : url.slice(mark + 1)),
    };
  } catch {
    throw new S3Error('InvalidArgument', '', "Couldn't parse the specified URI.");
  }
}

function sendError(request: IncomingMessage, response: ServerResponse, requestId: string, error: unknown): void {
  if (error instanceof FaultError && error.kind === 'cut') {
    request.socket.destroy();
    return;
  }
  if (response.headersSent || response.destroyed) {
    // Too late for an answer: only a cut tells the client that the body is not whole.
    request.socket.destroy();
    return;
  }
  const isKnown = error instanceof S3Error || error instanceof FaultError;
  const code = isKnown ? error.code : 'InternalError';
  const status = isKnown ? (error.status ?? 503) : 500;
  const message = error instanceof Error ? error.message : String(error);
  const resource = error instanceof S3Error ? error.resource : '';
  const inner = [element('Code', code), element('Message', message), element('Resource', resource)];
  const body = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner.join('')}${element('RequestId', requestId)}</Error>`,
  );
  // What is left of the body is read and dropped, so that the client gets to read this answer.
  request.resume();
  if (request.method === 'HEAD' || status === 304) response.writeHead(status).end();
  else response.writeHead(status, { 'content-type': 'application/xml', 'content-length': body.length }).end(body);
}

/** IAM actions by operation (service authorization reference of S3): a multipart upload is s3:PutObject throughout. */
const ACTIONS: Record<string, string> = {
  PutObject: 's3:PutObject',
  CopyObject: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  DeleteObject: 's3:DeleteObject',
  GetObject: 's3:GetObject',
};

function refuseDenied(call: S3Call, operation: string, settings: BucketSettings): void {
  const action = ACTIONS[operation];
  const ifNoneMatch = header(call, 'if-none-match');
  const context = {
    's3:objectcreationoperation': 'true',
    ...(ifNoneMatch === undefined ? {} : { 's3:if-none-match': ifNoneMatch }),
  };
  if (
    action !== undefined &&
    isDenied(settings.policyOf(call.bucket), { action, bucket: call.bucket, key: call.key, context })
  )
    throw new S3Error('AccessDenied', `/${call.bucket}/${call.key}`);
}

export async function startS3(options: S3ServerOptions): Promise<S3Server> {
  const { objects, faults } = options;
  const nowMs = options.nowMs ?? Date.now;
  const uploads = new MultipartUploads();
  const settings = new BucketSettings();
  const known = new Map([[options.credentials.accessKeyId, options.credentials.secretAccessKey]]);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call: S3Call = {
      request,
      response,
      store: objects,
      ...parseUrl(request.url ?? '/'),
      hit: null,
      nowMs: nowMs(),
    };
    const operation = operationOf(call);
    const handler = OPERATIONS[operation];
    verifySignature(request, known, call.nowMs);
    if (!handler) throw new S3Error('NotImplemented', request.url ?? '');
    call.hit = await faults.before(`s3.${operation}`, `${call.bucket}/${call.key}`);
    await options.latency?.wait(`s3.${operation}`);
    if (call.bucket !== '' && operation !== 'CreateBucket' && !objects.bucketExists(call.bucket))
      throw new S3Error('NoSuchBucket', call.bucket);
    refuseDenied(call, operation, settings);
    await handler(call, { uploads, faults, settings });
  }

  const server = createServer((request, response) => {
    const requestId = randomUUID();
    response.setHeader('x-amz-request-id', requestId);
    response.setHeader('server', 'AmazonS3');
    serve(request, response).catch((error: unknown) => sendError(request, response, requestId, error));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
