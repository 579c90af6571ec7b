import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log, Outside } from '@lakehaul/core';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { authenticateBy } from './authenticate.ts';
import { type OidcConfig, oidcBearer } from './oidc.ts';
import { openTokens, TOKENS_KEPT_MS } from './open-tokens.ts';
import { findToken, parseTokenFile } from './token-file.ts';

const sha256 = (token: string) => createHash('sha256').update(token).digest('hex');
const entry = (id: string, token: string, more = '') =>
  `  - { id: ${id}, roles: [viewer], sha256: ${sha256(token)}${more} }`;

describe('a file of tokens', () => {
  it('knows a token by its digest, and neither another one nor the digest itself', () => {
    const tokens = parseTokenFile('t', `tokens:\n${entry('anna', 'a-token')}\n${entry('ben', 'b-token')}`);
    expect(findToken(tokens, 'a-token', 0)).toEqual({ id: 'token:anna', roles: new Set(['viewer']) });
    expect(findToken(tokens, 'b-token', 0)?.id).toBe('token:ben');
    for (const wrong of ['', 'a-toke', 'a-token ', sha256('a-token')]) expect(findToken(tokens, wrong, 0)).toBeNull();
  });

  it('knows an expired token no more', () => {
    const tokens = parseTokenFile('t', `tokens:\n${entry('anna', 'a', ', expires: "2026-11-26T00:00:00Z"')}`);
    const atMs = Date.parse('2026-11-26T00:00:00Z');
    expect(findToken(tokens, 'a', atMs - 1)).not.toBeNull();
    expect(findToken(tokens, 'a', atMs)).toBeNull();
  });

  it.each([
    ['no YAML', '{', /no YAML/],
    ['nothing', '', /mistakes/],
    ['a token instead of its digest', 'tokens: [{ id: a, roles: [viewer], sha256: hunter2-the-token }]', /64 hex/],
    ['an unknown role', `tokens: [{ id: a, roles: [root], sha256: ${sha256('a')} }]`, /roles/],
    ['one name twice', `tokens:\n${entry('anna', 'a')}\n${entry('anna', 'b')}`, /tokens\.1\.id .*twice/],
    ['one digest twice', `tokens:\n${entry('anna', 'a')}\n${entry('ben', 'a')}`, /tokens\.1\.sha256 .*twice/],
  ])('with %s is refused, and what stands in it is not told', (_what, text, why) => {
    expect(() => parseTokenFile('t', text)).toThrow(why);
    expect(() => parseTokenFile('t', text)).not.toThrow(/hunter2/);
  });
});

it('a file of tokens that changes counts at the next reading; one with a mistake is told, and knows nobody after a minute', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lakehaul-tokens-'));
  const path = join(directory, 'tokens.yaml');
  const errors: string[] = [];
  const log: Log = { debug() {}, info() {}, warn() {}, error: (text) => void errors.push(text), with: () => log };
  let nowMs = 0;
  const open = () => openTokens(path, { nowMs: () => nowMs, log });
  await expect(open()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  writeFileSync(path, 'tokens: []');
  await expect(open()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  writeFileSync(path, `tokens:\n${entry('anna', 'a')}\n${entry('ben', 'b')}`);
  const { knows, readOnce, isReadable } = await open();
  writeFileSync(path, 'tokens:\n  - { id: anna, ro');
  await readOnce();
  rmSync(path);
  await readOnce();
  nowMs = TOKENS_KEPT_MS - 1;
  expect([(await knows('b'))?.id, errors]).toEqual(['token:ben', Array(2).fill('tokens not read again')]);
  nowMs = TOKENS_KEPT_MS;
  expect([await knows('b'), isReadable()]).toEqual([null, false]);
  writeFileSync(path, `tokens:\n${entry('anna', 'a')}`);
  await readOnce();
  expect([(await knows('a'))?.id, await knows('b'), isReadable()]).toEqual(['token:anna', null, true]);
  // A stolen token that was the only one.
  writeFileSync(path, 'tokens: []');
  await readOnce();
  expect(await knows('a')).toBeNull();
  rmSync(directory, { recursive: true });
});

describe('a header', () => {
  const asked: string[] = [];
  const authenticate = authenticateBy([
    async (token) => {
      asked.push(token);
      return token === 'good' ? { id: 'token:anna', roles: new Set(['viewer'] as const) } : null;
    },
  ]);
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  it.each([
    ['Bearer good', 'GET', true],
    ['bearer good', 'POST', true],
    [basic('anna:good'), 'GET', true],
    [basic(':good'), 'HEAD', true],
    // A browser sends it by itself: a foreign page could make it change something.
    [basic('anna:good'), 'POST', false],
    [basic('anna:good'), 'PATCH', false],
    [basic('good'), 'GET', false],
    [basic('good:'), 'GET', false],
    ['good', 'GET', false],
    ['Bearer', 'GET', false],
    ['Bearer good bad', 'GET', false],
    [`Bearer ${'x'.repeat(20_000)}`, 'GET', false],
  ])('%s with %s', async (authorization, method, isKnown) => {
    expect((await authenticate({ method, headers: { authorization } })) !== null).toBe(isKnown);
  });

  it('that is not there asks nobody', async () => {
    asked.length = 0;
    expect(await authenticate({ method: 'GET', headers: {} })).toBeNull();
    expect(asked).toEqual([]);
  });
});

describe('a token of the identity provider', async () => {
  const ISSUER = 'https://login.test/realm';
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const stranger = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  const warnings: string[] = [];
  const log: Log = { debug() {}, info() {}, warn: (text) => void warnings.push(text), error() {}, with: () => log };
  const outside: Outside = (_point, call) => call(new AbortController().signal);
  const config: OidcConfig = {
    issuer: ISSUER,
    audience: 'lakehaul',
    whoClaim: 'email',
    rolesClaim: 'realm_access.roles',
    roles: { viewer: [], operator: ['oncall'], approver: ['leads'], reporter: [], examiner: [] },
  };
  const documents: Record<string, unknown> = {
    [`${ISSUER}/.well-known/openid-configuration`]: { issuer: ISSUER, jwks_uri: 'https://login.test/keys' },
    'https://login.test/keys': { keys: [jwk] },
  };
  let nowMs = 0;
  let fetched = 0;
  const bearer = (served = documents, change: Partial<OidcConfig> = {}) =>
    oidcBearer(
      { ...config, ...change },
      {
        outside,
        log,
        nowMs: () => nowMs,
        fetch: async (url) => {
          fetched += 1;
          const found = served[String(url)];
          if (found === undefined) return new Response('', { status: 503 });
          return typeof found === 'string' ? new Response(found) : Response.json(found);
        },
      },
    );
  const CLAIMS = { email: 'anna@acme.test', realm_access: { roles: ['oncall', 'other'] } };
  const token = (
    claims: object = {},
    change: { key?: typeof privateKey; aud?: string; iss?: string; exp?: string } = {},
  ) =>
    new SignJWT({ ...CLAIMS, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(change.iss ?? ISSUER)
      .setAudience(change.aud ?? 'lakehaul')
      .setExpirationTime(change.exp ?? '5m')
      .sign(change.key ?? privateKey);

  it('gives the person and the roles that its claims map to', async () => {
    expect(await bearer()(await token())).toEqual({ id: 'oidc:anna@acme.test', roles: new Set(['operator']) });
    expect((await bearer()(await token({ realm_access: { roles: [] } })))?.roles.size).toBe(0);
    expect((await bearer()(await token({ realm_access: 'leads' })))?.roles.size).toBe(0);
  });

  it('is not known when anything about it is wrong', async () => {
    const knows = bearer();
    const wrong = [
      token({}, { key: stranger.privateKey }),
      token({}, { aud: 'another' }),
      token({}, { iss: 'https://login.test/other' }),
      token({}, { exp: '-5m' }),
      token({ email: undefined }),
      token({ email: 'a\nb' }),
      Promise.resolve(
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.`,
      ),
      Promise.resolve('a.b.c'),
      Promise.resolve('no-jwt'),
    ];
    for (const each of wrong) expect(await knows(await each)).toBeNull();
    expect(await knows(await token())).not.toBeNull();
  });

  it('is not known while the provider is away or shows another issuer, which is told in the log; later it is', async () => {
    warnings.length = 0;
    const served: Record<string, unknown> = {};
    const knows = bearer(served);
    expect(await knows(await token())).toBeNull();
    // Not asked again by every token that comes meanwhile.
    const before = fetched;
    expect([await knows(await token()), fetched]).toEqual([null, before]);
    nowMs += 5_000;
    served[`${ISSUER}/.well-known/openid-configuration`] = {
      issuer: 'https://evil.test',
      jwks_uri: 'https://login.test/keys',
    };
    expect(await knows(await token())).toBeNull();
    expect(warnings).toHaveLength(2);
    nowMs += 5_000;
    Object.assign(served, documents);
    expect(await knows(await token())).not.toBeNull();
  });

  it('with a key that nobody knows asks a provider that is away once in five seconds; known keys go on to serve', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const served = { ...documents };
      const knows = bearer(served);
      expect(await knows(await token())).not.toBeNull();
      delete served['https://login.test/keys'];
      // Beyond the pause that jose itself makes between two readings of a key set.
      vi.advanceTimersByTime(60_000);
      const unknown = `${Buffer.from('{"alg":"ES256","kid":"k2"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.AAAA`;
      warnings.length = 0;
      const before = fetched;
      for (let time = 0; time < 5; time++) expect(await knows(unknown)).toBeNull();
      expect([fetched - before, warnings.length]).toEqual([1, 1]);
      expect(await knows(await token())).not.toBeNull();
      nowMs += 5_000;
      await knows(unknown);
      expect(fetched - before).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('of a provider whose answer never ends is refused in time, and the next one is not kept waiting', async () => {
    let isHanging = true;
    const knows = oidcBearer(config, {
      log,
      nowMs: () => nowMs,
      // As the real one does it: what is not over when the call is over is nobody's any more.
      outside: (point, call) => {
        const late = new AbortController();
        const timer = setTimeout(() => late.abort(new Error(`${point} is late`)), 50);
        const cut = new Promise<never>((_, refuse) => {
          late.signal.addEventListener('abort', () => refuse(late.signal.reason));
        });
        return Promise.race([call(late.signal), cut]).finally(() => clearTimeout(timer));
      },
      fetch: async (url) => {
        if (!isHanging) return Response.json(documents[String(url)]);
        return new Response(new ReadableStream({ start: (stream) => stream.enqueue(Buffer.from('{"issuer":')) }));
      },
    });
    expect(await knows(await token())).toBeNull();
    isHanging = false;
    nowMs += 5_000;
    expect(await knows(await token())).not.toBeNull();
  });

  it('of a provider whose key set is broken is told in the log', async () => {
    for (const broken of ['<html>', { keys: 'none' }]) {
      warnings.length = 0;
      const knows = bearer({ ...documents, 'https://login.test/keys': broken });
      expect(await knows(await token())).toBeNull();
      expect(warnings).toEqual(['identity provider not understood']);
      nowMs += 5_000;
    }
  });

  it('is known by a claim whose name is a URL', async () => {
    const whoClaim = 'https://acme.example/email';
    const knows = bearer(documents, { whoClaim });
    expect((await knows(await token({ [whoClaim]: 'ben@acme.test' })))?.id).toBe('oidc:ben@acme.test');
    expect(await knows(await token())).toBeNull();
  });
});
