import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import type { Engine } from '../contracts.ts';
import type { Action } from './actions.ts';
import type { CheckpointWriter } from './checkpoint.ts';
import { literal } from './quote.ts';

/** The checkpoint schema (PROTOCOL.md, "Checkpoint Schema"), as DuckDB reads the actions' JSON into it. */
const COLUMNS = {
  txn: 'STRUCT(appId VARCHAR, version BIGINT, lastUpdated BIGINT)',
  add: `STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT,
    dataChange BOOLEAN, stats VARCHAR, tags MAP(VARCHAR, VARCHAR))`,
  remove: `STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, extendedFileMetadata BOOLEAN,
    partitionValues MAP(VARCHAR, VARCHAR), size BIGINT)`,
  metaData: `STRUCT(id VARCHAR, name VARCHAR, description VARCHAR,
    format STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)), schemaString VARCHAR, partitionColumns VARCHAR[],
    configuration MAP(VARCHAR, VARCHAR), createdTime BIGINT)`,
  protocol: `STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[],
    writerFeatures VARCHAR[])`,
  domainMetadata: 'STRUCT("domain" VARCHAR, configuration VARCHAR, removed BOOLEAN)',
} as const;

/** Writes `<version>.checkpoint.parquet` and `_last_checkpoint`, for readers that do not want to replay every commit. */
export function checkpointWriter(engine: Engine): CheckpointWriter {
  return async ({ snapshot, objects, location, domains }) => {
    const actions: Action[] = [
      { protocol: snapshot.protocol },
      { metaData: snapshot.metaData },
      ...domains.map((domainMetadata) => ({ domainMetadata })),
      ...snapshot.files.map((add) => ({ add })),
    ];
    const json = objects.scratchPath('.json');
    const parquet = objects.scratchPath('.parquet');
    await writeFile(json, actions.map((action) => JSON.stringify(action)).join('\n'));
    const lease = await engine.acquire();
    try {
      const columns = Object.entries(COLUMNS).map(([name, type]) => `${name}: ${literal(type)}`);
      await lease.connection.run(
        `COPY (SELECT * FROM read_json(${literal(json)}, format = 'newline_delimited', columns = {${columns.join(', ')}},
          maximum_object_size = 67108864)) TO ${literal(parquet)} (FORMAT parquet, COMPRESSION snappy)`,
      );
    } finally {
      lease.release();
    }
    const log = `${location.prefix}_delta_log/`;
    const name = `${String(snapshot.version).padStart(20, '0')}.checkpoint.parquet`;
    const { sizeBytes } = await objects.adopt(location.bucket, log + name, parquet);
    const last = {
      version: snapshot.version,
      size: actions.length,
      sizeInBytes: sizeBytes,
      numOfAddFiles: snapshot.files.length,
    };
    await objects.write(location.bucket, `${log}_last_checkpoint`, Buffer.from(JSON.stringify(last)));
  };
}
