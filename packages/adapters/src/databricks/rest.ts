import { request } from 'node:https';
import { rootCertificates } from 'node:tls';
import { type ErrorCode, LakehaulError, type OutsidePoint } from '@lakehaul/core';
import { translateDatabricksError } from './errors.ts';
import type { DatabricksDeps, DatabricksOptions } from './options.ts';

const REST_TIMEOUT_MS = 30_000;
/** A token is renewed this long before it ends. */
const TOKEN_SLACK_MS = 60_000;

interface HttpCall {
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** The workspace's REST calls and its tokens, over the same TLS trust as the driver. */
export class Workspace {
  readonly #options: DatabricksOptions;
  readonly #deps: DatabricksDeps;
  readonly #ca: string | null;
  #token: { value: string; endsAtMs: number } | null = null;

  /** `ca` is PEM text to trust beside the well-known roots. */
  constructor(options: DatabricksOptions, deps: DatabricksDeps, ca: string | null) {
    this.#options = options;
    this.#deps = deps;
    this.#ca = ca;
  }

  /** For the driver too: its own OAuth knows Databricks' host names only (OAuthManager.js). */
  async token(): Promise<string> {
    const { auth } = this.#options;
    if (auth.kind === 'token') return auth.token.reveal();
    const nowMs = this.#deps.clock.nowMs();
    if (this.#token !== null && this.#token.endsAtMs - TOKEN_SLACK_MS > nowMs) return this.#token.value;
    const answer = await this.#call('databricks.token', {
      method: 'POST',
      path: '/oidc/v1/token',
      headers: {
        authorization: `Basic ${Buffer.from(`${auth.clientId}:${auth.clientSecret.reveal()}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials&scope=all-apis',
    });
    const value = answer['access_token'];
    if (typeof value !== 'string')
      throw new LakehaulError('CREDENTIALS_REJECTED', 'the token endpoint answered without an access token');
    this.#token = { value, endsAtMs: nowMs + Number(answer['expires_in'] ?? 3600) * 1000 };
    return value;
  }

  async get(
    point: OutsidePoint,
    path: string,
    query: URLSearchParams = new URLSearchParams(),
  ): Promise<Record<string, unknown>> {
    const text = query.toString();
    return this.#authorized(point, { method: 'GET', path: text === '' ? path : `${path}?${text}`, headers: {} });
  }

  async #authorized(point: OutsidePoint, call: HttpCall): Promise<Record<string, unknown>> {
    const token = await this.token();
    return this.#call(point, { ...call, headers: { ...call.headers, authorization: `Bearer ${token}` } });
  }

  #call(point: OutsidePoint, call: HttpCall): Promise<Record<string, unknown>> {
    return this.#deps.outside(
      point,
      async (signal) => {
        const where = `${call.method} ${call.path.split('?')[0]}`;
        try {
          return readAnswer(await this.#send(call, signal), where);
        } catch (error) {
          throw translateDatabricksError(error, where);
        }
      },
      { isIdempotent: true, timeoutMs: REST_TIMEOUT_MS },
    );
  }

  #send(
    call: HttpCall,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string; retryAfter: string | undefined }> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: this.#options.host,
          port: this.#options.port ?? 443,
          method: call.method,
          path: call.path,
          headers: { accept: 'application/json', ...call.headers },
          signal,
          ...(this.#ca === null ? {} : { ca: [...rootCertificates, this.#ca] }),
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              text: Buffer.concat(parts).toString('utf8'),
              retryAfter: response.headers['retry-after'],
            }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(call.body);
    });
  }
}

function readAnswer(
  answer: { status: number; text: string; retryAfter: string | undefined },
  where: string,
): Record<string, unknown> {
  const body = parseObject(answer.text);
  if (answer.status < 300) return body;
  const message = `${where}: HTTP ${answer.status} ${String(body['error_code'] ?? body['error'] ?? '')} ${String(body['message'] ?? body['error_description'] ?? '')}`;
  const retryAfterMs = Number(answer.retryAfter ?? '0') * 1000;
  throw new LakehaulError(codeOf(answer.status), message.trim(), {
    where,
    ...(retryAfterMs > 0 ? { retryAfterMs } : {}),
  });
}

function codeOf(status: number): ErrorCode {
  if (status === 401) return 'CREDENTIALS_REJECTED';
  if (status === 403) return 'PERMISSION_DENIED';
  if (status === 429) return 'THROTTLED';
  if (status >= 500) return 'UNAVAILABLE';
  return status === 404 ? 'CONFIG_INVALID' : 'TARGET_STATEMENT_FAILED';
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // A proxy's error page; the status says what there is to know.
    return {};
  }
}
