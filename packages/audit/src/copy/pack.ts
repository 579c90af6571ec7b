/**
 * A pack: many small objects in one file, because a million files of 700 bytes are slow to copy and to read everywhere.
 * Frames follow each other: a line of JSON that says key, size and S3 time, then the body, then a line break. `less` reads it.
 */
export interface CopiedObject {
  key: string;
  body: Uint8Array;
  /** S3's LastModified when it was copied. */
  lastModifiedMs: number;
}

interface Header {
  key: string;
  sizeBytes: number;
  lastModifiedMs: number;
}

const LINE_BREAK = 10;

export function packFrame(object: CopiedObject): Buffer {
  const head = JSON.stringify({
    key: object.key,
    sizeBytes: object.body.length,
    lastModifiedMs: object.lastModifiedMs,
  } satisfies Header);
  return Buffer.concat([Buffer.from(`${head}\n`), object.body, Buffer.from('\n')]);
}

export interface Pack {
  objects: CopiedObject[];
  /** Bytes up to the end of the last whole frame. */
  wholeBytes: number;
  /** Null when the file ends with a whole frame. */
  damage: string | null;
}

/** Bodies are views into the file's bytes. */
export function readPackBytes(bytes: Buffer): Pack {
  const objects: CopiedObject[] = [];
  let at = 0;
  while (at < bytes.length) {
    const lineEnd = bytes.indexOf(LINE_BREAK, at);
    const head = lineEnd < 0 ? null : headerOf(bytes.toString('utf8', at, lineEnd));
    if (head === null) return { objects, wholeBytes: at, damage: `no frame begins at byte ${at}` };
    const start = lineEnd + 1;
    const end = start + head.sizeBytes;
    if (bytes[end] !== LINE_BREAK)
      return { objects, wholeBytes: at, damage: `the frame of ${head.key} at byte ${at} is not whole` };
    objects.push({ key: head.key, body: bytes.subarray(start, end), lastModifiedMs: head.lastModifiedMs });
    at = end + 1;
  }
  return { objects, wholeBytes: at, damage: null };
}

/** Exactly these three fields. By hand, as this is asked for each of a million objects. */
function headerOf(line: string): Header | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 3) return null;
  const { key, sizeBytes, lastModifiedMs } = value as Partial<Record<keyof Header, unknown>>;
  const isHeader =
    typeof key === 'string' && key !== '' && isWhole(sizeBytes) && sizeBytes >= 0 && isWhole(lastModifiedMs);
  return isHeader ? { key, sizeBytes, lastModifiedMs } : null;
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}
