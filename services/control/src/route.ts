/** A route as data: what it answers, who may ask, and what is done. */
import { LakehaulError } from '@lakehaul/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PERMISSIONS, type Permission } from './auth/permissions.ts';
import type { Principal } from './auth/principal.ts';
import { PROBLEM_JSON } from './problem.ts';
import type { Prepared } from './read-model.ts';

export interface Route {
  method: 'GET' | 'POST' | 'PATCH';
  url: string;
  permission: Permission;
  tag: string;
  summary: string;
  description?: string;
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
  /** Changes take an Idempotency-Key and count against their own rate limit. */
  isChange: boolean;
  answer: z.ZodType;
  /** Of the answer; default application/json. */
  contentType?: string;
  handle: (call: Call<unknown, unknown, unknown>) => Promise<unknown> | unknown;
}

export interface Call<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  principal: Principal;
  request: FastifyRequest;
  reply: FastifyReply;
}

type Parsed<T> = T extends z.ZodType ? z.output<T> : undefined;

/** Ties the types of a route's parts together; the list of routes knows of none. */
export function route<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(spec: {
  method: Route['method'];
  url: string;
  permission: Permission;
  tag: string;
  summary: string;
  description?: string;
  params?: P;
  query?: Q;
  body?: B;
  isChange?: boolean;
  answer: z.ZodType;
  contentType?: string;
  handle: (call: Call<Parsed<P>, Parsed<Q>, Parsed<B>>) => Promise<unknown> | unknown;
}): Route {
  // Fastify has parsed the parts by these very schemas before the handler is called.
  return { isChange: false, ...spec } as unknown as Route;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    permission?: Permission;
    isChange?: boolean;
  }
  interface FastifyRequest {
    principal: Principal | null;
  }
}

export const IDEMPOTENCY_KEY = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{8,200}$/, 'must be 8 to 200 visible characters')
    .optional()
    .describe(
      'Your own name of this change, needed unless dryRun: the same request with it again changes nothing twice.',
    ),
});

export function addRoute(app: FastifyInstance, spec: Route): void {
  const isPublic = spec.permission === 'public';
  app.route({
    method: spec.method,
    url: spec.url,
    config: { permission: spec.permission, isChange: spec.isChange },
    schema: {
      tags: [spec.tag],
      summary: spec.summary,
      description: [
        spec.description ?? '',
        isPublic ? 'Asks for no token.' : `For ${PERMISSIONS[spec.permission].join(', ')}.`,
      ]
        .filter((each) => each !== '')
        .join(' '),
      operationId: operationId(spec),
      security: isPublic ? [] : [{ bearer: [] }],
      ...(spec.params === undefined ? {} : { params: spec.params }),
      ...(spec.query === undefined ? {} : { querystring: spec.query }),
      ...(spec.body === undefined ? {} : { body: spec.body }),
      ...(spec.isChange ? { headers: IDEMPOTENCY_KEY } : {}),
      response: {
        200: { description: 'Done.', content: { [spec.contentType ?? 'application/json']: { schema: spec.answer } } },
        default: { description: 'A problem.', content: { 'application/problem+json': { schema: PROBLEM_JSON } } },
      },
    },
    handler: (request, reply) =>
      spec.handle({
        params: request.params,
        query: request.query,
        body: request.body,
        principal: request.principal ?? { id: 'nobody', roles: new Set() },
        request,
        reply,
      }),
  });
}

function operationId({ method, url }: Route): string {
  const words = url.split(/[^A-Za-z0-9]+/).filter((word) => word !== '' && word !== 'v1');
  return [method.toLowerCase(), ...words.map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join('');
}

/** 304 to whoever has it already. `packed` is the same body, for whoever accepts its encoding. */
export function sendPrepared(
  { request, reply }: Pick<Call<unknown, unknown, unknown>, 'request' | 'reply'>,
  { body, etag }: Prepared,
  packed?: { encoding: 'gzip'; bytes: Buffer },
) {
  reply.header('etag', etag).header('cache-control', 'private, no-cache');
  if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
  reply.type('application/json; charset=utf-8');
  // Not the object of the route: fastify would serialize what is no text.
  return packed === undefined ? reply.send(body) : reply.header('content-encoding', packed.encoding).send(packed.bytes);
}

function isKnown(header: string | undefined, etag: string): boolean {
  return header !== undefined && (header.trim() === '*' || header.split(',').some((each) => each.trim() === etag));
}

export function notFound(what: string): LakehaulError {
  return new LakehaulError('NOT_FOUND', what);
}
