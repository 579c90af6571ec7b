/** The file of tokens, read again and again: a token that is taken out is refused without a restart. */
import { readFile } from 'node:fs/promises';
import { asLakehaulError, LakehaulError, type Log } from '@lakehaul/core';
import type { KnowsBearer } from './principal.ts';
import { findToken, parseTokenFile, type TokenFile } from './token-file.ts';

export interface OpenTokens {
  knows: KnowsBearer;
  readOnce: () => Promise<void>;
}

/** The first reading must succeed (CONFIG_INVALID); later the file may be half written, and what was known stays. */
export async function openTokens(path: string, deps: { nowMs: () => number; log: Log }): Promise<OpenTokens> {
  let tokens = await read(path);
  return {
    knows: async (token) => findToken(tokens, token, deps.nowMs()),
    readOnce: async () => {
      try {
        tokens = await read(path);
      } catch (thrown) {
        const { code, message: reason, where } = asLakehaulError(thrown);
        deps.log.error('tokens not read again', { code, reason, where });
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
