import { LakehaulError, type ObjectInfo, type StagedFile } from '@lakehaul/core';
import type { Manifest } from '../ports.ts';
import { parseTolerantJson, type TolerantJson, TolerantNumber } from './tolerant-json.ts';

/** What the manifest says of one file, its key as written. */
interface Entry {
  url: string;
  sizeBytes: bigint;
  rowCount: bigint;
}

function member(value: TolerantJson | undefined, name: string): TolerantJson | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof TolerantNumber)
    return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function invalid(where: string, message: string): LakehaulError {
  return new LakehaulError('MANIFEST_INVALID', `${where}: ${message}`, { where });
}

function count(value: TolerantJson | undefined, where: string, what: string): bigint {
  const text = value instanceof TolerantNumber ? value.text : value;
  if (typeof text !== 'string' || !/^\d+$/.test(text)) throw invalid(where, `${what} is not a whole number`);
  return BigInt(text);
}

/** Only url and meta are read: the form of schema elements is not confirmed and must not matter (MANIFEST VERBOSE). */
function readEntries(text: string, where: string): { entries: Entry[]; sizeBytes: bigint; rowCount: bigint } {
  let document: TolerantJson;
  try {
    document = parseTolerantJson(text);
  } catch (error) {
    throw invalid(where, error instanceof Error ? error.message : String(error));
  }
  const list = member(document, 'entries');
  if (!Array.isArray(list)) throw invalid(where, 'there are no entries');
  const entries = list.map((entry, i) => {
    const url = member(entry, 'url');
    const meta = member(entry, 'meta');
    if (typeof url !== 'string') throw invalid(where, `entry ${i} has no url`);
    return {
      url,
      sizeBytes: count(member(meta, 'content_length'), where, `content_length of entry ${i}`),
      rowCount: count(member(meta, 'record_count'), where, `record_count of entry ${i}`),
    };
  });
  const meta = member(document, 'meta');
  return {
    entries,
    sizeBytes: count(member(meta, 'content_length'), where, 'total content_length'),
    rowCount: count(member(meta, 'record_count'), where, 'total record_count'),
  };
}

/** A key may be written as it is or percent-encoded; what the listing holds decides. */
function keyOf(url: string, bucketUrl: string, listed: ReadonlyMap<string, ObjectInfo>): string | null {
  if (!url.startsWith(bucketUrl)) return null;
  const plain = url.slice(bucketUrl.length);
  if (listed.has(plain)) return plain;
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

/** Holds manifest and listing against each other: the same files with the same sizes, and sums that add up. */
export function checkManifest(request: {
  bucket: string;
  dataPrefix: string;
  manifestKey: string;
  text: string;
  listing: readonly ObjectInfo[];
}): Manifest {
  const { bucket, dataPrefix, manifestKey } = request;
  const where = `s3://${bucket}/${manifestKey}`;
  const stated = readEntries(request.text, where);
  const listed = new Map(request.listing.filter((o) => o.key !== manifestKey).map((o) => [o.key, o]));
  const files: StagedFile[] = [];
  const seen = new Set<string>();
  for (const entry of stated.entries) {
    const key = keyOf(entry.url, `s3://${bucket}/`, listed);
    if (key === null || !key.startsWith(dataPrefix)) throw invalid(where, `${entry.url} is outside ${dataPrefix}`);
    if (seen.has(key)) throw invalid(where, `${key} is named twice`);
    seen.add(key);
    const object = listed.get(key);
    if (!object) throw mismatch(where, `${key} is in the manifest but not in the bucket`);
    if (BigInt(object.sizeBytes) !== entry.sizeBytes)
      throw mismatch(where, `${key} has ${object.sizeBytes} bytes, the manifest says ${entry.sizeBytes}`);
    files.push({ key, sizeBytes: object.sizeBytes, etag: object.etag, rowCount: String(entry.rowCount) });
  }
  for (const key of listed.keys())
    if (!seen.has(key)) throw mismatch(where, `${key} is in the bucket but not in the manifest`);
  const rowCount = stated.entries.reduce((sum, entry) => sum + entry.rowCount, 0n);
  const sizeBytes = stated.entries.reduce((sum, entry) => sum + entry.sizeBytes, 0n);
  if (rowCount !== stated.rowCount)
    throw invalid(where, `entries have ${rowCount} rows together, the total says ${stated.rowCount}`);
  if (sizeBytes !== stated.sizeBytes)
    throw invalid(where, `entries have ${sizeBytes} bytes together, the total says ${stated.sizeBytes}`);
  return { manifestKey, files, rowCount: String(rowCount), sizeBytes: String(sizeBytes) };
}

function mismatch(where: string, message: string): LakehaulError {
  return new LakehaulError('STAGE_MISMATCH', `${where}: ${message}`, { where });
}
