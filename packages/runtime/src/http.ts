/** /metrics, /healthz and /readyz of a service: three plain GETs, so node:http is enough. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@lakehaul/core';
import type { Metrics } from './metrics.ts';

export interface Health {
  isOk: boolean;
  /** What is not well, by name; shown to whoever asks, so no secrets and no hosts. */
  detail: Readonly<Record<string, string>>;
}

export interface HttpOptions {
  /** 0 chooses a free one. */
  port: number;
  host?: string;
  metrics: Metrics;
  /** Restart me when not: nothing that depends on another system belongs here. */
  isLive: () => Health;
  /** Send me work: may look outside. */
  isReady: () => Promise<Health> | Health;
}

export interface HttpServer extends AsyncDisposable {
  port: number;
  close(): Promise<void>;
}

export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((thrown: unknown) => {
      send(response, 500, 'text/plain', `${thrown instanceof Error ? thrown.message : 'failed'}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '0.0.0.0', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      // Scrapers keep their connection alive; waiting for them would hold the shutdown.
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close };
}

async function answer(options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response, 405, 'text/plain', 'only GET\n');
    return;
  }
  switch (new URL(request.url ?? '/', 'http://service').pathname) {
    case '/metrics':
      send(response, 200, options.metrics.contentType, await options.metrics.text());
      return;
    case '/healthz':
      sendHealth(response, options.isLive());
      return;
    case '/readyz':
      sendHealth(response, await options.isReady());
      return;
    default:
      send(response, 404, 'text/plain', 'try /metrics, /healthz or /readyz\n');
  }
}

function sendHealth(response: ServerResponse, health: Health): void {
  const body = { status: health.isOk ? 'ok' : 'failing', ...health.detail };
  send(response, health.isOk ? 200 : 503, 'application/json', `${JSON.stringify(body)}\n`);
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': contentType }).end(body);
}

export interface Loop {
  name: string;
  lastProgressMs: () => number;
  /** By when a pass should have ended well: one that fails again and again makes progress, too, and gets nothing done. */
  dueMs?: () => number;
  /** A loop that made no progress for longer is stuck. */
  limitMs: number;
}

/**
 * Live means that every loop went round lately. `worker.isRunning()` says yes for a worker whose blocking read never
 * settles again (taskforcesh/bullmq#3185, #4479), so nobody is asked; the loops are timed.
 */
export function livenessOf(loops: () => readonly Loop[], clock: Pick<Clock, 'nowMs'>, metrics?: Metrics): () => Health {
  const judge = (): Health => {
    const nowMs = clock.nowMs();
    const stuck = loops().filter((loop) => nowMs - loop.lastProgressMs() > loop.limitMs);
    const detail = stuck.map((loop) => [loop.name, `no progress for ${nowMs - loop.lastProgressMs()} ms`]);
    return { isOk: stuck.length === 0, detail: Object.fromEntries(detail) };
  };
  metrics?.onScrape(() => {
    for (const { name: loop, lastProgressMs, dueMs } of loops()) {
      metrics.set('lakehaul_loop_age_seconds', { loop }, (clock.nowMs() - lastProgressMs()) / 1000);
      if (dueMs !== undefined)
        metrics.set('lakehaul_loop_overdue_seconds', { loop }, Math.max(0, clock.nowMs() - dueMs()) / 1000);
    }
  });
  return judge;
}
