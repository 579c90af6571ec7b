/** Health for whoever runs the process, and the description of the API for machines and for people. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ControlDeps } from '../deps.ts';
import { docsPage } from '../docs-page.ts';
import { type Route, route } from '../route.ts';

const health = z.looseObject({ status: z.enum(['ok', 'failing']) });

export function pageRoutes(app: FastifyInstance, { isLive, isReady }: ControlDeps): Route[] {
  let openapi: string | null = null;
  let page: string | null = null;
  return [
    route({
      ...{ method: 'GET', url: '/healthz', permission: 'public', tag: 'health' },
      summary: 'Restart me when not: every loop went round lately.',
      answer: health,
      handle: ({ reply }) => {
        const { isOk, detail } = isLive();
        return reply.code(isOk ? 200 : 503).send(JSON.stringify({ status: isOk ? 'ok' : 'failing', ...detail }));
      },
    }),
    route({
      ...{ method: 'GET', url: '/readyz', permission: 'public', tag: 'health' },
      summary: 'Send me requests: the ledger was read, and the queue store answers.',
      answer: health,
      handle: async ({ reply }) => {
        const { isOk, detail } = await isReady();
        return reply.code(isOk ? 200 : 503).send(JSON.stringify({ status: isOk ? 'ok' : 'failing', ...detail }));
      },
    }),
    route({
      ...{ method: 'GET', url: '/openapi.json', permission: 'read', tag: 'description' },
      summary: 'This API as OpenAPI 3.1.',
      answer: z.looseObject({}),
      handle: ({ reply }) => {
        openapi ??= JSON.stringify(app.swagger());
        return reply.type('application/json; charset=utf-8').send(openapi);
      },
    }),
    route({
      ...{ method: 'GET', url: '/docs', permission: 'read', tag: 'description' },
      summary: 'The same for people. A browser asks for name and password: any name, and a token.',
      answer: z.string(),
      contentType: 'text/html',
      handle: ({ reply }) => {
        page ??= docsPage(app.swagger());
        return reply.type('text/html; charset=utf-8').send(page);
      },
    }),
  ];
}
