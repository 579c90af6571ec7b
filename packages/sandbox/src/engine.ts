import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { LakehaulError } from '@lakehaul/core';
import type { Engine } from './contracts.ts';
import { registerVariantFunctions } from './variant/variant-functions.ts';

export interface EngineOptions {
  /** State that survives a restart lives here. One process at a time: DuckDB locks the database file. */
  directory: string;
  /** As DuckDB writes it, e.g. `2GB`. Default: DuckDB's own (80 % of the machine). */
  memoryLimit?: string;
  threads?: number;
}

export interface OpenEngine extends Engine {
  /** Connections in use now. */
  readonly activeConnections: number;
  /** The database attached as the source catalog. */
  readonly sourceFile: string;
  /** Interrupts what still runs, writes the source database's log into its file and closes. */
  close(): Promise<void>;
}

/** Name under which the source's database is attached; its tables live in its schemas. */
export const SOURCE_CATALOG = 'rs';

/**
 * Generated statements join up to 1,600 column expressions by `||` in one row text; DuckDB's default depth of 1,000
 * refuses them although Redshift does not.
 */
const MAX_EXPRESSION_DEPTH = '200000';

const INTERRUPT_EVERY_MS = 20;
const GIVE_UP_MS = 3_000;

function settings(options: EngineOptions, scratch: string): Record<string, string> {
  return {
    // Everything needed is compiled in (icu, json, parquet); a sandbox must not reach for the network.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // Neither cloud promises an order without ORDER BY, and keeping it costs memory in large UNLOADs.
    preserve_insertion_order: 'false',
    max_expression_depth: MAX_EXPRESSION_DEPTH,
    temp_directory: scratch,
    ...(options.memoryLimit === undefined ? {} : { memory_limit: options.memoryLimit }),
    ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
  };
}

async function attachSource(instance: DuckDBInstance, file: string): Promise<void> {
  const connection = await instance.connect();
  try {
    // TimeZone belongs to icu, so it is no option of the instance; GLOBAL reaches all later connections.
    await connection.run(`SET GLOBAL TimeZone = 'UTC'`);
    await connection.run(`ATTACH '${file.replaceAll("'", "''")}' AS ${SOURCE_CATALOG}`);
    registerVariantFunctions(connection);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/lock on file/i.test(message))
      throw new LakehaulError('USAGE', `another sandbox uses ${file} already`, {
        cause: error,
        next: 'Stop it, or choose another directory.',
      });
    throw error;
  } finally {
    connection.closeSync();
  }
}

function closed(): LakehaulError {
  return new LakehaulError('UNAVAILABLE', 'the sandbox engine is closed');
}

/**
 * Opens the one DuckDB of a sandbox directory. Every acquire is a fresh connection: it costs 60 µs, and no search path,
 * setting, temporary table or open transaction of one session can leak into the next.
 */
export async function openEngine(options: EngineOptions): Promise<OpenEngine> {
  const directory = join(options.directory, 'engine');
  const scratch = join(directory, 'spill');
  const sourceFile = join(directory, 'source.duckdb');
  await mkdir(directory, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', settings(options, scratch));
  try {
    await attachSource(instance, sourceFile);
    // Only now, under the lock: what a killed process spilled is of no use to anybody.
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true });
  } catch (error) {
    instance.closeSync();
    throw error;
  }

  const active = new Set<DuckDBConnection>();
  let isClosed = false;
  return {
    directory,
    sourceFile,
    get activeConnections() {
      return active.size;
    },
    async acquire() {
      if (isClosed) throw closed();
      const connection = await instance.connect();
      if (isClosed) {
        connection.closeSync();
        throw closed();
      }
      active.add(connection);
      return {
        connection,
        release() {
          if (active.delete(connection)) connection.closeSync();
        },
      };
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      // Again and again: an interrupt that comes before its statement has begun is lost, and holders start new ones.
      for (let waitedMs = 0; active.size > 0 && waitedMs < GIVE_UP_MS; waitedMs += INTERRUPT_EVERY_MS) {
        for (const connection of active) connection.interrupt();
        await new Promise((resolve) => setTimeout(resolve, INTERRUPT_EVERY_MS));
      }
      for (const connection of active) connection.closeSync();
      active.clear();
      const last = await instance.connect();
      try {
        // Fails when an interrupted transaction is still unwinding: the write-ahead log then serves at the next start.
        await last.run(`CHECKPOINT ${SOURCE_CATALOG}`).catch(() => undefined);
        await last.run(`DETACH ${SOURCE_CATALOG}`).catch(() => undefined);
      } finally {
        last.closeSync();
        instance.closeSync();
      }
    },
  };
}

/** The engine's own words without the excerpt of its SQL, which is not the statement that anybody sent. */
export function engineMessage(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.replace(/\n\nLINE \d+: [\s\S]*$/, '');
}
