/** Reads the control service's API. The token comes from the environment or a file that it names, never from a flag. */
import { readFile } from 'node:fs/promises';
import { LakehaulError } from '@lakehaul/core';
import { LEDGER_AGE_HEADER } from '@lakehaul/operate';
import type { z } from 'zod';

const LONGEST_MS = 10_000;

export interface Told<T> {
  value: T;
  /** Since the service began its last whole look at the ledger, by its own clock; null before there was one. */
  ledgerAgeMs: number | null;
}

export interface ApiClient {
  url: string;
  get<Shape extends z.ZodType>(path: string, shape: Shape, signal: AbortSignal): Promise<Told<z.output<Shape>>>;
}

export async function openApi(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
  ask: typeof fetch = fetch,
): Promise<ApiClient> {
  const base = baseOf(url);
  const token = await tokenOf(env);
  return {
    url: base,
    get: async (path, shape, signal) => {
      const response = await ask(`${base}${path}`, {
        headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
        signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]),
        // A redirect would carry the token to wherever it leads.
        redirect: 'error',
      }).catch((cause: unknown) => {
        signal.throwIfAborted();
        const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
        throw new LakehaulError('UNAVAILABLE', `the control service does not answer: ${reason}`, {
          cause,
          where: base,
          next: 'lakehaul run --serve, or --url of the control service',
        });
      });
      const body: unknown = await response.json().catch(() => null);
      if (response.status === 401)
        throw new LakehaulError('UNAUTHENTICATED', 'the control service does not know the token', { where: base });
      if (!response.ok)
        throw new LakehaulError('UNAVAILABLE', problemOf(body, response.status), { where: `${base}${path}` });
      const { data, error } = shape.safeParse(body);
      if (error !== undefined)
        throw new LakehaulError('UNAVAILABLE', `${path} has another shape: is the service of this version?`, {
          where: base,
        });
      const age = response.headers.get(LEDGER_AGE_HEADER);
      return { value: data, ledgerAgeMs: age === null ? null : Number(age) * 1_000 };
    },
  };
}

function baseOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '') {
    // The console's address as the browser or the demo shows it is one, too; a token in it is not taken: it came by a flag.
    url.hash = '';
    return url.href.replace(/\/$/, '');
  }
  throw new LakehaulError('USAGE', `${JSON.stringify(text)} is no http(s) address`, {
    next: '--url https://control.example',
  });
}

async function tokenOf(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const file = env['LAKEHAUL_CONTROL_TOKEN_FILE'];
  const token =
    env['LAKEHAUL_CONTROL_TOKEN'] ??
    (file === undefined ? undefined : await readFile(file, 'utf8').catch(() => undefined))?.trim();
  if (token !== undefined && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new LakehaulError('UNAUTHENTICATED', 'there is no token to ask the control service with', {
    where: file === undefined ? 'LAKEHAUL_CONTROL_TOKEN' : 'LAKEHAUL_CONTROL_TOKEN_FILE',
    next: 'export LAKEHAUL_CONTROL_TOKEN_FILE=FILE; a sandbox keeps one in .lakehaul/sandbox/token.operator',
  });
}

function problemOf(body: unknown, status: number): string {
  const { code, detail } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  return typeof code === 'string' ? `${code}: ${String(detail ?? '')}` : `the control service answered ${status}`;
}
