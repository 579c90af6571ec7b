import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FaultHit } from '../contracts.ts';
import { S3Error } from './s3-error.ts';
import type { Condition, ObjectFiles } from './store.ts';
import { xmlDocument } from './xml.ts';

/** One request on its way through the server. */
export interface S3Call {
  request: IncomingMessage;
  response: ServerResponse;
  store: ObjectFiles;
  bucket: string;
  key: string;
  query: ReadonlyMap<string, string>;
  hit: FaultHit | null;
  nowMs: number;
}

export function header(call: S3Call, name: string): string | undefined {
  const value = call.request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

export function unquoteEtag(text: string): string {
  return text
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
}

/** Condition of a write. S3 knows only `*` for If-None-Match here. */
export function writeCondition(call: S3Call): Condition {
  const noneMatch = header(call, 'if-none-match');
  const match = header(call, 'if-match');
  if (noneMatch !== undefined) {
    if (noneMatch.trim() !== '*') throw new S3Error('NotImplemented');
    return { kind: 'absent' };
  }
  return match === undefined ? null : { kind: 'match', etag: unquoteEtag(match) };
}

/** True when the answer must not reach the client although the work is done. */
export function isAnswerLost(call: S3Call): boolean {
  return call.hit?.fault.happens.kind === 'answer-lost';
}

export function sendEmpty(call: S3Call, status: number, headers: Record<string, string | number> = {}): void {
  if (isAnswerLost(call)) {
    call.request.socket.destroy();
    return;
  }
  call.response.writeHead(status, { 'content-length': 0, ...headers }).end();
}

export function sendXml(call: S3Call, root: string, inner: string, headers: Record<string, string> = {}): void {
  if (isAnswerLost(call)) {
    call.request.socket.destroy();
    return;
  }
  const body = Buffer.from(xmlDocument(root, inner));
  call.response
    .writeHead(200, { 'content-type': 'application/xml', 'content-length': body.length, ...headers })
    .end(body);
}
