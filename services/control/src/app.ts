/** The API as a fastify instance: who asks is settled before anything else, so that a stranger learns nothing. */
import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import { asLakehaulError, LakehaulError } from '@lakehaul/core';
import { LEDGER_AGE_HEADER } from '@lakehaul/operate';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { mayDo, rolesText } from './auth/permissions.ts';
import { addConsole } from './console-files.ts';
import type { ControlDeps } from './deps.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';
import { addQueuesBoard } from './queues-board/board-routes.ts';
import { addRoute, type Route } from './route.ts';
import { acknowledgementRoutes } from './routes/acknowledgements.ts';
import { chunkRoutes } from './routes/chunks.ts';
import { eventRoutes } from './routes/events.ts';
import { mapRoutes } from './routes/map.ts';
import { pageRoutes } from './routes/pages.ts';
import { quarantineRoutes } from './routes/quarantine.ts';
import { queueRoutes } from './routes/queues.ts';
import { signalRoutes } from './routes/signals.ts';
import { statusRoutes } from './routes/status.ts';
import { steeringRoutes } from './routes/steering.ts';
import { stopRoutes } from './routes/stops.ts';
import { throttleRoutes } from './routes/throttle.ts';

const BODY_BYTES = 1_048_576;

/** Fastify answers a path that cannot be decoded before any hook has asked who it is; so it becomes one that is not there. */
const NO_PATH = '/not-a-path';

function isPath(url: string): boolean {
  try {
    decodeURIComponent(url.split('?')[0] ?? '');
    return true;
  } catch {
    return false;
  }
}

export async function buildApp(deps: ControlDeps): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: BODY_BYTES,
    genReqId: () => randomUUID(),
    // Longer than any request line: a parameter that is too long would be told before anybody is asked for a token.
    routerOptions: { maxParamLength: 65_536 },
    forceCloseConnections: true,
    rewriteUrl: ({ url = '/' }) => (isPath(url) ? url : NO_PATH),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('principal', null);
  await app.register(helmet, { hsts: false, contentSecurityPolicy: { directives: CSP, useDefaults: false } });
  await app.register(rateLimit, { global: false });
  app.addHook('onRoute', ({ url, method, config }) => {
    if (config?.permission === undefined)
      throw new LakehaulError('INTERNAL', `${String(method)} ${url} names no permission`);
  });
  app.addHook('onRequest', admission(app, deps));
  app.setErrorHandler((thrown, request, reply) => sendProblem(deps, thrown, request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(deps, new LakehaulError('NOT_FOUND', 'no such path'), request, reply),
  );
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'lakehaul control', version: deps.version, description: 'See and steer a migration.' },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
  });
  for (const each of allRoutes(app, deps)) addRoute(app, each);
  addConsole(app, deps.consoleDirectory);
  addQueuesBoard(app, deps.board);
  await app.ready();
  return app;
}

export function allRoutes(app: FastifyInstance, deps: ControlDeps): Route[] {
  const reading = [statusRoutes, chunkRoutes, mapRoutes, eventRoutes];
  const changing = [steeringRoutes, quarantineRoutes, stopRoutes, acknowledgementRoutes, signalRoutes];
  const routes = [...reading, queueRoutes, ...changing, throttleRoutes];
  return [...routes.flatMap((of) => of(deps)), ...pageRoutes(app, deps)];
}

/** Nothing is loaded from anywhere else; the pages here have no scripts (the console brings a policy of its own). */
const CSP = {
  'default-src': ["'none'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
};

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** Known, not too often, and allowed: in this order, for paths that exist and for those that do not. */
function admission(app: FastifyInstance, { authenticate, config, model }: ControlDeps): Hook {
  const { perMinute, changesPerMinute, unknownPerMinute } = config.rateLimit;
  const limited = (max: number, name: string, key: (request: FastifyRequest) => string) =>
    app.createRateLimit({ max, timeWindow: 60_000, keyGenerator: (request) => `${name} ${key(request)}` });
  const known = limited(perMinute, 'known', (request) => request.principal?.id ?? '');
  const changes = limited(changesPerMinute, 'change', (request) => request.principal?.id ?? '');
  const unknown = limited(unknownPerMinute, 'unknown', (request) => request.ip);
  return async (request, reply) => {
    const { permission, isChange } = request.routeOptions.config;
    if (permission === 'public') return;
    request.principal = await authenticate(request);
    const { principal } = request;
    await refuseTooMany(principal === null ? unknown : known, request, reply);
    if (principal === null) throw unauthenticated();
    if (permission !== undefined && !mayDo(principal, permission))
      throw new LakehaulError('FORBIDDEN', `this is for ${rolesText(permission)}`);
    if (isChange === true) await refuseTooMany(changes, request, reply);
    if (model.ageMs !== null) reply.header(LEDGER_AGE_HEADER, String(Math.floor(model.ageMs / 1000)));
  };
}

async function refuseTooMany(
  check: ReturnType<FastifyInstance['createRateLimit']>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const limit = await check(request);
  if (limit.isAllowed || !limit.isExceeded) return;
  reply.header('retry-after', String(limit.ttlInSeconds));
  throw new LakehaulError('TOO_MANY_REQUESTS', 'asked too often', { retryAfterMs: limit.ttl });
}

function unauthenticated(): LakehaulError {
  return new LakehaulError('UNAUTHENTICATED', 'no known token came with the request');
}

function sendProblem(
  { log }: ControlDeps,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = problemOf(thrown, request.id);
  if (problem.code === 'INTERNAL')
    log.error('api request failed', { requestId: request.id, reason: asLakehaulError(thrown).message });
  if (problem.status === 503) reply.header('retry-after', '2');
  if (problem.code === 'UNAUTHENTICATED')
    // Nothing in it may differ from request to request. A line for each way in: Chromium looks at a line’s first scheme alone.
    return reply
      .code(401)
      .header('www-authenticate', ['Bearer realm="lakehaul"', 'Basic realm="lakehaul", charset="UTF-8"'])
      .type(PROBLEM_TYPE)
      .send(JSON.stringify({ ...problem, requestId: '' }));
  return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}
