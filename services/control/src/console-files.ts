/**
 * The console's files, read once: they are small, and what is served is what was there at the start. The page itself holds no
 * data, so it asks for no token; all that it shows comes over the API, by the token of whoever reads it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface ConsoleFile {
  url: string;
  type: string;
  plain: Buffer;
  packed: Readonly<Record<'br' | 'gzip', Buffer>>;
}

/** Scripts and styles are files of its own; nothing is asked of anybody else, and nothing may frame it. */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const NOT_BUILT =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>lakehaul</title><body><h1>The console is not built</h1><p>Run <code>npm run console</code> and start the control service again. The API and <a href="/docs">its description</a> work without it.</p></body></html>';

/** Beside the bundle, else where a checkout builds it; null when neither is there. */
export function consoleDirectory(): string | null {
  const here = import.meta.url;
  const places = [new URL('./console/', here), new URL('../web/dist/', here)].map(({ pathname }) =>
    decodeURIComponent(pathname),
  );
  return places.find((place) => existsSync(join(place, 'index.html'))) ?? null;
}

/** `directory` null: the page says what to do. */
export function addConsole(app: FastifyInstance, directory: string | null): void {
  const files = directory === null ? [] : readFiles(directory);
  const page = files.find(({ url }) => url === '/');
  const common = { method: 'GET', config: { permission: 'public' }, schema: { hide: true } } as const;
  if (page === undefined)
    app.route({
      ...{ ...common, url: '/' },
      handler: (_request, reply) => reply.code(503).type('text/html; charset=utf-8').send(NOT_BUILT),
    });
  for (const file of files)
    app.route({
      ...{ ...common, url: file.url },
      handler: (request, reply) => {
        reply.header('content-security-policy', CSP).header('vary', 'accept-encoding');
        // Names of assets hold the digest of what is in them.
        reply.header('cache-control', file === page ? 'no-cache' : 'public, max-age=31536000, immutable');
        return sendPacked(request, reply, file);
      },
    });
}

function sendPacked(request: FastifyRequest, reply: FastifyReply, { type, plain, packed }: ConsoleFile): FastifyReply {
  const accepted = String(request.headers['accept-encoding'] ?? '').split(/\s*,\s*/);
  const encoding = (['br', 'gzip'] as const).find((each) => accepted.includes(each));
  reply.type(type);
  if (encoding === undefined) return reply.send(plain);
  return reply.header('content-encoding', encoding).send(packed[encoding]);
}

function readFiles(directory: string): ConsoleFile[] {
  const assets = readdirSync(join(directory, 'assets')).map((name) => `assets/${name}`);
  return ['index.html', ...assets].flatMap((name) => {
    const type = TYPES[extname(name)];
    if (type === undefined) return [];
    const plain = readFileSync(join(directory, name));
    const packed = {
      br: brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
      gzip: gzipSync(plain, { level: 9 }),
    };
    return [{ url: name === 'index.html' ? '/' : `/${name}`, type, plain, packed }];
  });
}
