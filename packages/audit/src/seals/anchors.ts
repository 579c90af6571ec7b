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
  /** Made from the bucket later, not when the seal was: it says nothing about the time before. */
  rebuilt: z.literal(true).exactOptional(),
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
 * ledger without anchors.
 */
export async function readAnchors(path: string, migration: string): Promise<Anchor[]> {
  const anchors = await findAnchors(path, migration);
  if (anchors !== null) return anchors;
  const file = await fileOf(path, migration);
  throw unreadable(file, new Error('there is no such file'));
}

/** Null where there is no file: only a sealer may find none, and only as long as it has not sealed. */
export async function findAnchors(path: string, migration: string): Promise<Anchor[] | null> {
  const file = await fileOf(path, migration);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw unreadable(file, error);
  });
  return text === null ? null : parseAnchors(text, file).filter((each) => each.migration === migration);
}

function unreadable(file: string, cause: Error): LakehaulError {
  return new LakehaulError('SEAL_KEY_UNUSABLE', `anchors ${file} cannot be read`, {
    where: file,
    cause,
    next: 'name the file that audit.anchorFile of the sealers names: lakehaul ledger-seal adds a line to it',
  });
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

/** One short line is one write: several sealers may share the file. Of no anchors: the file begins to exist. */
export async function appendAnchors(path: string, migration: string, anchors: readonly Anchor[]): Promise<void> {
  const file = await fileOf(path, migration);
  await mkdir(dirname(file), { recursive: true });
  if (anchors.length === 0) await appendFile(file, '', { flush: true });
  for (const each of anchors) await appendFile(file, `${JSON.stringify(each)}\n`, { flush: true });
}
