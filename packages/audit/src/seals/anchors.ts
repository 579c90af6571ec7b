/**
 * Anchors: one line per ledger seal in a file outside the bucket. Whoever can rewrite the whole bucket, key and all, or
 * cut off its last seals, cannot make these lines agree.
 */
import { appendFile, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LakehaulError } from '@lakehaul/core';
import { z } from 'zod';
import type { LedgerSeal } from './ledger-seal.ts';

const anchor = z.looseObject({
  migration: z.string(),
  number: z.number().int().positive(),
  /** SHA-256 of the seal's file. */
  seal: z.string(),
  root: z.string(),
  cumulativeLeaves: z.number().int().nonnegative(),
  observedAt: z.string(),
  signature: z.string(),
});
export type Anchor = z.infer<typeof anchor>;

export function anchorOf(seal: LedgerSeal): Anchor {
  const { migration, number, root, cumulativeLeaves, observedAt, signature } = seal;
  return { migration, number, seal: seal.digest, root, cumulativeLeaves, observedAt, signature };
}

/** A directory holds one file per migration. */
async function fileOf(path: string, migration: string): Promise<string> {
  const isDirectory = path.endsWith('/') || (await stat(path).catch(() => null))?.isDirectory() === true;
  return isDirectory ? join(path, `${migration}.anchors.jsonl`) : path;
}

/**
 * Of the migration, in the order of the file. Whoever compares with them needs the file: a wrong path must not pass for a
 * ledger without anchors. Only a sealer may find none yet.
 */
export async function readAnchors(
  path: string,
  migration: string,
  { mayBeMissing = false }: { mayBeMissing?: boolean } = {},
): Promise<Anchor[]> {
  const file = await fileOf(path, migration);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (mayBeMissing && error.code === 'ENOENT') return '';
    throw new LakehaulError('SEAL_KEY_UNUSABLE', `anchors ${file} cannot be read`, {
      where: file,
      cause: error,
      next: 'name the file that audit.anchorFile of the sealers names: lakehaul ledger-seal adds a line to it',
    });
  });
  return parseAnchors(text, file).filter((each) => each.migration === migration);
}

export function parseAnchors(text: string, where: string): Anchor[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, index) => {
    const refuse = (cause?: unknown) =>
      new LakehaulError('LEDGER_CONFLICT', `${where} line ${index + 1} is no anchor`, { where, cause });
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw refuse(cause);
    }
    const result = anchor.safeParse(value);
    if (!result.success) throw refuse();
    return result.data;
  });
}

/** One short line is one write: several sealers may share the file. */
export async function appendAnchors(path: string, migration: string, anchors: readonly Anchor[]): Promise<void> {
  if (anchors.length === 0) return;
  const file = await fileOf(path, migration);
  await mkdir(dirname(file), { recursive: true });
  for (const each of anchors) await appendFile(file, `${JSON.stringify(each)}\n`, { flush: true });
}
