/**
 * Bearer tokens from a file that holds their SHA-256 digests only: whoever reads the file can call nothing. Tokens are
 * random (`openssl rand -hex 32`), so a plain digest is enough: nobody tries 2^256 of them.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { LakehaulError } from '@lakehaul/core';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Principal, ROLES } from './principal.ts';

const TOKEN_FILE = z.strictObject({
  tokens: z.array(
    z.strictObject({
      id: z.string().regex(/^[A-Za-z0-9._@-]{1,64}$/, 'is not a name of A-Z, a-z, 0-9 and . _ @ -, at most 64 long'),
      roles: z.array(z.enum(ROLES)).min(1),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is not 64 hexadecimal digits, in lower case'),
      /** Not valid from then on. */
      expires: z.iso.datetime({ offset: true }).optional(),
    }),
  ),
});

interface KnownToken {
  principal: Principal;
  digest: Buffer;
  expiresMs: number;
}

export type TokenFile = readonly KnownToken[];

/** CONFIG_INVALID with every mistake; never tells what stands in a field. */
export function parseTokenFile(path: string, text: string): TokenFile {
  const refuse = (what: string) =>
    new LakehaulError('CONFIG_INVALID', what, { where: path, next: 'see deploy/runbook/control.md' });
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    throw refuse('the file of tokens is no YAML');
  }
  const { data, error } = TOKEN_FILE.safeParse(value);
  if (data === undefined)
    throw refuse(
      `the file of tokens has mistakes: ${error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`,
    );
  for (const field of ['id', 'sha256'] as const) {
    const twice = data.tokens.findIndex(
      (token, index) => data.tokens.findIndex((t) => t[field] === token[field]) < index,
    );
    if (twice >= 0) throw refuse(`tokens.${twice}.${field} stands there twice`);
  }
  return data.tokens.map(({ id, roles, sha256, expires }) => ({
    principal: { id: `token:${id}`, roles: new Set(roles) },
    digest: Buffer.from(sha256, 'hex'),
    expiresMs: expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires),
  }));
}

/** Compares with every entry, so that the time taken tells nothing. */
export function findToken(tokens: TokenFile, token: string, nowMs: number): Principal | null {
  const digest = createHash('sha256').update(token).digest();
  let found: Principal | null = null;
  for (const known of tokens)
    if (timingSafeEqual(known.digest, digest) && nowMs < known.expiresMs) found = known.principal;
  return found;
}
