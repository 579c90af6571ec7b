/** Tokens of an identity provider: signature by its published keys, issuer, audience and time; roles from a claim. */
import { asLakehaulError, LakehaulError, type Log, type Outside } from '@lakehaul/core';
import type { MigrationConfig } from '@lakehaul/runtime';
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import { type KnowsBearer, type Principal, ROLES, type Role } from './principal.ts';

export type OidcConfig = NonNullable<MigrationConfig['control']['oidc']>;

/** A provider that is away is not asked again by every stranger's token. */
const RETRY_MS = 5_000;
/** Then they are read again: a key that the provider took back must not serve for ever. */
const KEYS_KEPT_MS = 600_000;
/** Asymmetric ones only: with a shared secret whoever can check a token could make one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_TOLERANCE_S = 30;

export interface OidcDeps {
  outside: Outside;
  log: Log;
  nowMs: () => number;
  /** Of the platform; tests bring their own. */
  fetch?: typeof fetch;
}

type AskProvider = (point: 'oidc.keys' | 'oidc.discovery', url: string, options: RequestInit) => Promise<Response>;

/** Why a provider that failed a moment ago is not asked. */
const HELD_BACK = new LakehaulError('UNAVAILABLE', 'the identity provider failed a moment ago');

export function oidcBearer(config: OidcConfig, deps: OidcDeps): KnowsBearer {
  let opening: Promise<JWTVerifyGetKey> | null = null;
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  // Keys that were read go on to serve for KEYS_KEPT_MS; only what would be fetched is held back.
  const ask: AskProvider = async (point, url, options) => {
    if (deps.nowMs() < notBeforeMs) throw HELD_BACK;
    return fetchOutside(deps, point, url, options);
  };
  const keys = (): Promise<JWTVerifyGetKey> => {
    opening ??= openKeys(config, ask).catch((thrown: unknown) => {
      opening = null;
      throw thrown;
    });
    return opening;
  };
  return async (token) => {
    // What has not three parts is one of the file's tokens, or nonsense: no key is fetched for it.
    if (token.split('.').length !== 3) return null;
    try {
      const { payload } = await jwtVerify(token, await keys(), {
        issuer: config.issuer,
        audience: config.audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['exp'],
      });
      return principalOf(config, payload);
    } catch (thrown) {
      // A bad token is its owner's affair. A provider that cannot be understood is ours; the caller is told the same.
      if (isOfProvider(thrown) && thrown !== HELD_BACK) {
        notBeforeMs = deps.nowMs() + RETRY_MS;
        const error = asLakehaulError(thrown);
        deps.log.warn('identity provider not understood', { code: error.code, reason: error.message });
      }
      return null;
    }
  };
}

/** jose says of a key set that is no JSON what it says of nothing else: the bare class. */
function isOfProvider(thrown: unknown): boolean {
  if (!(thrown instanceof errors.JOSEError)) return true;
  return (
    thrown instanceof errors.JWKSTimeout || thrown instanceof errors.JWKSInvalid || thrown.code === 'ERR_JOSE_GENERIC'
  );
}

async function openKeys(config: OidcConfig, ask: AskProvider): Promise<JWTVerifyGetKey> {
  const uri = config.jwksUri ?? (await discoverKeys(config, ask));
  return createRemoteJWKSet(new URL(uri), {
    cacheMaxAge: KEYS_KEPT_MS,
    [customFetch]: (url: string, options: RequestInit) => ask('oidc.keys', url, options),
  });
}

const DISCOVERY = z.looseObject({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https$/ }) });

/** OpenID Connect Discovery 1.0, section 4: the document's issuer must be the very one that was asked for. */
async function discoverKeys({ issuer }: OidcConfig, ask: AskProvider): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await ask('oidc.discovery', url, {});
  const { data } = DISCOVERY.safeParse(await response.json());
  if (data === undefined || data.issuer !== issuer)
    throw new LakehaulError('CONFIG_INVALID', 'the discovery document is not of the issuer', {
      where: 'control.oidc.issuer',
      next: 'compare control.oidc.issuer with the issuer in the document, or set control.oidc.jwksUri',
    });
  return data.jwks_uri;
}

function fetchOutside(
  deps: OidcDeps,
  point: 'oidc.keys' | 'oidc.discovery',
  url: string,
  options: RequestInit,
): Promise<Response> {
  return deps.outside(
    point,
    async (signal) => {
      const response = await (deps.fetch ?? fetch)(url, { ...options, signal, redirect: 'error' }).catch((cause) => {
        throw new LakehaulError('UNREACHABLE', 'the identity provider did not answer', { cause, where: point });
      });
      if (response.status !== 200)
        throw new LakehaulError('UNAVAILABLE', `the identity provider answered ${response.status}`, { where: point });
      // All of it within the time-out: every log-in waits for the same answer, and would wait for one that never ends.
      return new Response(await response.text(), response);
    },
    { isIdempotent: false },
  );
}

function principalOf(config: OidcConfig, payload: JWTPayload): Principal | null {
  const who = claimOf(payload, config.whoClaim);
  // Control characters in a name would end up in logs and on terminals.
  if (typeof who !== 'string' || !/^[^\p{C}]{1,200}$/u.test(who)) return null;
  const claimed = claimOf(payload, config.rolesClaim);
  const values = new Set(Array.isArray(claimed) ? claimed : typeof claimed === 'string' ? claimed.split(' ') : []);
  const roles = ROLES.filter((role: Role) => config.roles[role].some((value) => values.has(value)));
  return { id: `oidc:${who}`, roles: new Set(roles) };
}

/** A claim of that very name (`https://acme/roles`) comes before a path into nested ones. */
function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let value: unknown = payload;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
