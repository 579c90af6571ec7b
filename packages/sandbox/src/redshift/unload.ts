import { open, rm, truncate } from 'node:fs/promises';
import { relative } from 'node:path';
import type { FaultHit } from '../contracts.ts';
import type { ColumnInfo, SqlType, Unload } from '../sql/index.ts';
import type { UnloadEntry } from './query-history.ts';
import { quoteLiteral, quoteName } from './quote.ts';
import { emit } from './resolve.ts';
import { DatabaseError } from './service-error.ts';
import type { Session } from './session.ts';

const MIB = 1_048_576;
const FILE_BYTES_MIN = 5 * MIB;
const FILE_BYTES_MAX = 6.2 * 1024 * MIB;
const ROW_GROUP_BYTES = 32 * MIB;

interface Destination {
  bucket: string;
  prefix: string;
}

interface WrittenFile {
  /** Where the engine left it. */
  path: string;
  /** `column=value/` of a partition, or nothing. */
  folder: string;
  rowCount: number;
  sizeBytes: number;
}

/**
 * UNLOAD to Parquet. The engine writes the files (all its threads, each its own files, as slices do) to scratch paths;
 * they are then moved into the object store under Redshift's names. Files stay when the transaction fails later.
 */
export async function unload(session: Session, body: Unload): Promise<UnloadEntry> {
  checkOptions(session, body);
  const destination = readDestination(session, body.to);
  const emitted = await emit(session, body.query);
  for (const column of emitted.columns) refuseColumn(column);
  checkPartitions(body, emitted.columns);
  await clearDestination(session, body, destination);
  const scratch = session.options.objects.scratchPath('.unload');
  try {
    const written = await writeFiles(session, body, emitted, scratch);
    return await adoptFiles(session, body, destination, emitted.columns, written);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function checkOptions(session: Session, body: Unload): void {
  if (body.format !== 'parquet')
    throw new DatabaseError(`UNLOAD FORMAT ${body.format} is not supported by the sandbox`);
  const { unloadRoleArns } = session.options.switches;
  if (body.iamRole === null) throw new DatabaseError('UNLOAD requires credentials: IAM_ROLE is missing');
  const roles = body.iamRole.split(',');
  if (unloadRoleArns !== null && !roles.every((role) => unloadRoleArns.includes(role.trim())))
    throw new DatabaseError(
      'User arn is not authorized to assume IAM Role.\nDETAIL: error: Not authorized to get credentials of role',
    );
  const { maxFileSizeBytes } = body;
  if (maxFileSizeBytes !== null && (maxFileSizeBytes < FILE_BYTES_MIN || maxFileSizeBytes > FILE_BYTES_MAX))
    throw new DatabaseError('MAXFILESIZE must be between 5MB and 6.2GB');
}

function readDestination(session: Session, to: string): Destination {
  const parts = /^s3:\/\/([^/]+)\/(.*)$/s.exec(to);
  if (!parts) throw new DatabaseError(`UNLOAD destination is not supported. (Hint: only S3 based unload is allowed)`);
  const [, bucket = '', prefix = ''] = parts;
  const { objects, switches } = session.options;
  if (!objects.bucketExists(bucket))
    throw new DatabaseError(
      `S3ServiceException:The specified bucket does not exist,Status 404,Error NoSuchBucket,Rid SANDBOX,CanRetry 1\nDETAIL: bucket ${bucket}`,
    );
  if (switches.deniedBuckets.includes(bucket))
    throw new DatabaseError(
      `S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid SANDBOX,CanRetry 1\nDETAIL: bucket ${bucket}`,
    );
  return { bucket, prefix };
}

const TEXT_ONLY: Partial<Record<SqlType['kind'], string>> = {
  time: 'time without time zone',
  timetz: 'time with time zone',
  varbyte: 'varbyte',
  binary: 'varbyte',
  geometry: 'geometry',
  geography: 'geography',
  hllsketch: 'hllsketch',
};

/** Types that Parquet cannot carry, with the database's words (Trino's Redshift connector quotes them). */
function refuseColumn(column: ColumnInfo): void {
  const name = TEXT_ONLY[column.type.kind];
  if (name) throw new DatabaseError(`UNLOAD ${name} column "${column.name}" is only supported for TEXT/CSV`);
  if (column.type.kind === 'interval_year_month' || column.type.kind === 'interval_day_second')
    throw new DatabaseError(
      `UNLOAD of interval column "${column.name}" to PARQUET is not confirmed, so the sandbox refuses it`,
    );
}

/** Allowed partition types: developer guide, r_UNLOAD (DOUBLE is not among them). */
const PARTITION_TYPES = [
  'smallint',
  'integer',
  'bigint',
  'decimal',
  'real',
  'boolean',
  'char',
  'varchar',
  'string',
  'date',
  'timestamp',
];

function checkPartitions(body: Unload, columns: readonly ColumnInfo[]): void {
  for (const name of body.partitionBy) {
    const column = columns.find((candidate) => candidate.name === name);
    if (!column) throw new DatabaseError(`partition column "${name}" does not exist in the query`);
    if (!PARTITION_TYPES.includes(column.type.kind))
      throw new DatabaseError(`partition column "${name}" has an unsupported type`);
  }
  if (body.partitionBy.length > 0 && body.partitionBy.length >= columns.length)
    throw new DatabaseError('UNLOAD with PARTITION BY needs at least one column that is not a partition column');
}

/** Without an option, anything under the prefix fails the UNLOAD; CLEANPATH removes it for good. */
async function clearDestination(session: Session, body: Unload, { bucket, prefix }: Destination): Promise<void> {
  const { objects } = session.options;
  const existing = objects.list(bucket, prefix);
  if (existing.length === 0 || body.allowOverwrite) return;
  if (!body.cleanPath)
    throw new DatabaseError(
      'Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE option.',
    );
  // With PARTITION BY only partitions that get new files are cleaned; adoptFiles does that.
  if (body.partitionBy.length === 0)
    await objects.remove(
      bucket,
      existing.map((object) => object.key),
    );
}

async function writeFiles(
  session: Session,
  body: Unload,
  emitted: { sql: string; columns: ColumnInfo[] },
  scratch: string,
): Promise<WrittenFile[]> {
  const options = ['FORMAT parquet', 'COMPRESSION snappy', `ROW_GROUP_SIZE_BYTES ${ROW_GROUP_BYTES}`, 'RETURN_STATS'];
  const isPartitioned = body.partitionBy.length > 0;
  if (isPartitioned) {
    options.push(`PARTITION_BY (${body.partitionBy.map(quoteName).join(', ')})`);
    if (body.partitionInclude) options.push('WRITE_PARTITION_COLUMNS true');
  } else options.push(`PER_THREAD_OUTPUT ${body.parallel}`);
  // Rounded down to whole row groups, as documented.
  if (body.maxFileSizeBytes !== null && !isPartitioned)
    options.push(
      `FILE_SIZE_BYTES ${Math.max(ROW_GROUP_BYTES, Math.floor(body.maxFileSizeBytes / ROW_GROUP_BYTES) * ROW_GROUP_BYTES)}`,
    );
  const result = await session.connection.runAndReadAll(
    `COPY (${emitted.sql}) TO ${quoteLiteral(scratch)} (${options.join(', ')})`,
  );
  const written = result.getRowObjects().map((row) => {
    const path = String(row['filename']);
    const folder = relative(scratch, path).split('/').slice(0, -1);
    return {
      path,
      folder: folder.map((part) => `${part}/`).join(''),
      rowCount: Number(row['count']),
      sizeBytes: Number(row['file_size_bytes']),
    };
  });
  return written.filter((file) => file.rowCount > 0).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** `<prefix><folder><slice>_part_<nn>.parquet`, file by file, then the manifest: a failure in between leaves what is there. */
async function adoptFiles(
  session: Session,
  body: Unload,
  { bucket, prefix }: Destination,
  columns: readonly ColumnInfo[],
  written: readonly WrittenFile[],
): Promise<UnloadEntry> {
  const { objects, faults } = session.options;
  const slices = new Map<string, number>();
  const files: UnloadEntry['files'] = [];
  for (const file of written) {
    const slice = slices.get(file.folder) ?? 0;
    slices.set(file.folder, slice + 1);
    if (slice === 0 && body.cleanPath && file.folder !== '')
      await objects.remove(
        bucket,
        objects.list(bucket, `${prefix}${file.folder}`).map((object) => object.key),
      );
    const key = `${prefix}${file.folder}${String(slice).padStart(4, '0')}_part_00.parquet${body.extension === null ? '' : `.${body.extension}`}`;
    await damage(file.path, await faults.before('redshift.unload', key));
    await objects.adopt(bucket, key, file.path);
    files.push({ url: `s3://${bucket}/${key}`, rowCount: file.rowCount, sizeBytes: file.sizeBytes });
  }
  const rowCount = files.reduce((sum, file) => sum + file.rowCount, 0);
  const isWanted =
    body.manifest !== 'none' && (files.length > 0 || session.options.switches.zeroRowUnload === 'empty-manifest');
  if (isWanted) {
    const key = `${prefix}manifest`;
    await faults.before('redshift.unload', key);
    await objects.write(bucket, key, Buffer.from(manifestText(body, columns, files)));
  }
  return { format: 'PARQUET', location: `s3://${bucket}/${prefix}`, rowCount, files };
}

/** A planned fault on the file, after its size was noted: what the manifest says is then no longer true. */
async function damage(path: string, hit: FaultHit | null): Promise<void> {
  const happens = hit?.fault.happens;
  if (happens?.kind === 'truncate') await truncate(path, happens.bytes);
  if (happens?.kind !== 'corrupt') return;
  const file = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, happens.offset);
    await file.write(Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, happens.offset);
  } finally {
    await file.close();
  }
}

/**
 * As the developer guide shows it. Its own example is no valid JSON where a type has a size (`{"base": "character
 * varying", 25}`), so the key of the length is not known; readers must treat `type` as opaque.
 */
function manifestText(body: Unload, columns: readonly ColumnInfo[], files: UnloadEntry['files']): string {
  if (body.manifest === 'plain') return JSON.stringify({ entries: files.map((file) => ({ url: file.url })) });
  const isInFile = (column: ColumnInfo): boolean => body.partitionInclude || !body.partitionBy.includes(column.name);
  return JSON.stringify({
    entries: files.map((file) => ({
      url: file.url,
      meta: { content_length: file.sizeBytes, record_count: file.rowCount },
    })),
    schema: {
      elements: columns.filter(isInFile).map((column) => ({ name: column.name, type: manifestType(column.type) })),
    },
    meta: {
      content_length: files.reduce((sum, file) => sum + file.sizeBytes, 0),
      record_count: files.reduce((sum, file) => sum + file.rowCount, 0),
    },
    author: { name: 'Amazon Redshift', version: '1.0.0' },
  });
}

function manifestType(type: SqlType): object {
  switch (type.kind) {
    case 'decimal':
      return { base: 'numeric', precision: type.precision, scale: type.scale };
    case 'char':
      return { base: 'character', max_length: type.length };
    case 'varchar':
      return { base: 'character varying', max_length: type.length };
    case 'string':
      return { base: 'character varying', max_length: 65535 };
    case 'timestamp':
      return { base: 'timestamp without time zone' };
    case 'timestamptz':
      return { base: 'timestamp with time zone' };
    case 'double':
      return { base: 'double precision' };
    default:
      return { base: type.kind };
  }
}
