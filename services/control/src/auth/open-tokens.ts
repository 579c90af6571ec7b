/** The file of tokens, read again and again: a token that is taken out is refused without a restart. */
import { readFile } from 'node:fs/promises';
import { asLakehaulError, LakehaulError, type Log } from '@lakehaul/core';
import type { KnowsBearer } from './principal.ts';
import { findToken, parseTokenFile, type TokenFile } from './token-file.ts';

export interface OpenTokens {
  knows: KnowsBearer;
  readOnce: () => Promise<void>;
  /** False: no token is known any more, since the file could not be read for too long. */
  isReadable: () => boolean;
}

/** How long what was read counts: a file may be half written for a moment, but a mistake in it must not keep a stolen token. */
export const TOKENS_KEPT_MS = 60_000;

/** The first reading must succeed and name somebody (CONFIG_INVALID). An emptied file, or none for a minute, knows nobody. */
export async function openTokens(path: string, deps: { nowMs: () => number; log: Log }): Promise<OpenTokens> {
  let tokens = await read(path);
  let readMs = deps.nowMs();
  if (tokens.length === 0)
    throw new LakehaulError('CONFIG_INVALID', 'the file of tokens names nobody', {
      where: path,
      next: 'see deploy/runbook/control.md',
    });
  const isKept = () => deps.nowMs() - readMs < TOKENS_KEPT_MS;
  return {
    knows: async (token) => (isKept() ? findToken(tokens, token, deps.nowMs()) : null),
    isReadable: isKept,
    readOnce: async () => {
      try {
        tokens = await read(path);
        readMs = deps.nowMs();
      } catch (thrown) {
        const { code, message: reason, where } = asLakehaulError(thrown);
        deps.log.error('tokens not read again', { code, reason, where, isAnybodyKnown: isKept() });
      }
    },
  };
}

async function read(path: string): Promise<TokenFile> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LakehaulError('CONFIG_INVALID', 'the file of tokens cannot be read', { cause, where: path });
  });
  return parseTokenFile(path, text);
}
