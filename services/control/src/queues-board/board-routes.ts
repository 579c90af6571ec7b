/**
 * The board's page and files, served under the same tokens as everything else: a browser opens it by Basic (any name, and a
 * token as the password), which is taken for reading only. No route here takes another method than GET.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { LakehaulError } from '@lakehaul/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { BOARD_READS, type QueuesBoard, UI_CONFIG } from './board.ts';

export const BOARD_PATH = '/queues-board';
/** Views of the page's own router. */
const PAGES = ['', '/', '/queue/:queueName', '/queue/:queueName/:jobId', '/job-schedulers', '/metrics-history'];

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
};

/** Its scripts set styles of elements as they go; nothing is asked of anybody else, and nothing may frame it. */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Of the package, or of its copy beside the bundle; null when neither is there. */
export function boardDirectory(): string | null {
  const beside = decodeURIComponent(new URL('./queues-board/', import.meta.url).pathname);
  if (existsSync(join(beside, 'dist/index.ejs'))) return beside;
  try {
    return dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json'));
  } catch {
    return null;
  }
}

export function addQueuesBoard(app: FastifyInstance, board: QueuesBoard | null): void {
  const common = { method: 'GET', config: { permission: 'read' }, schema: { hide: true } } as const;
  const page = board === null ? null : pageOf(board.uiPath);
  const files = board === null ? new Map<string, string>() : filesOf(join(board.uiPath, 'dist/static'));
  for (const url of PAGES)
    app.route({
      ...{ ...common, url: `${BOARD_PATH}${url}` },
      handler: (_request, reply) => sendPage(reply, page),
    });
  app.route({
    ...{ ...common, url: `${BOARD_PATH}/static/*` },
    handler: async (request, reply) => {
      // Only what was listed at the start: a path is never put together from what is asked.
      const file = files.get((request.params as { '*': string })['*']);
      const type = TYPES[extname(file ?? '')];
      if (file === undefined || type === undefined) throw new LakehaulError('NOT_FOUND', 'no such path');
      return secured(reply)
        .header('cache-control', 'private, max-age=3600')
        .type(type)
        .send(await readFile(file));
    },
  });
  for (const route of BOARD_READS)
    app.route({
      ...{ ...common, url: `${BOARD_PATH}${route}` },
      handler: async ({ query, params }, reply) => {
        if (board === null) throw missing();
        const asked = { query: query as Record<string, unknown>, params: params as Record<string, unknown> };
        const text = JSON.stringify(await board.read(route, asked));
        return secured(reply).header('cache-control', 'no-store').type('application/json; charset=utf-8').send(text);
      },
    });
}

function sendPage(reply: FastifyReply, page: string | null): FastifyReply {
  if (page === null) throw missing();
  return secured(reply).header('cache-control', 'private, no-cache').type('text/html; charset=utf-8').send(page);
}

function secured(reply: FastifyReply): FastifyReply {
  return reply.header('content-security-policy', CSP);
}

function missing(): LakehaulError {
  return new LakehaulError('NOT_FOUND', 'the queues board is not part of this installation', {
    next: 'npm install in a checkout, or npm run bundle with it; GET /v1/queues tells the queues without it.',
  });
}

/** Of its template the scripts and styles: the rest asks a foreign host for fonts. */
function pageOf(directory: string): string {
  const template = readFileSync(join(directory, 'dist/index.ejs'), 'utf8');
  const tags = [
    ...template.matchAll(
      /<link href="static\/css\/[^"]+" rel="stylesheet">|<script defer src="static\/js\/[^"]+"><\/script>/g,
    ),
  ];
  const config = JSON.stringify(UI_CONFIG).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e');
  return `<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<base href="${BOARD_PATH}/">
<title>${UI_CONFIG.boardTitle}</title>
<link rel="icon" type="image/svg+xml" id="fav-logo" href="static/images/logo.svg">
${tags.map(([tag]) => tag).join('\n')}
</head>
<body class="preload">
<script id="__UI_CONFIG__" type="application/json">${config}</script>
<div id="root"></div>
</body>
</html>
`;
}

/** By their paths below it. */
function filesOf(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [file.slice(directory.length + 1), file];
    }),
  );
}
