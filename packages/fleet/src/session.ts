/** What every service and most verbs need, opened in one place: log, metrics, `outside`, the clouds and the ledger. */
import { hostname } from 'node:os';
import { type CloudCredentials, type Clouds, openClouds } from '@lakehaul/adapters';
import type { Clock, Ids, Log, Outside, TablePlan } from '@lakehaul/core';
import { Ledger, type LedgerScan } from '@lakehaul/ledger';
import {
  createLog,
  createMetrics,
  createOutside,
  type LogLevel,
  type Metrics,
  type MigrationConfig,
  NO_TRACING,
  openTracing,
  systemClock,
  systemIds,
  type Tracing,
} from '@lakehaul/runtime';
import { S3Requests } from './s3-requests.ts';

export const VERSION = '0.1.0';

export interface Session extends AsyncDisposable {
  config: MigrationConfig;
  clouds: Clouds;
  ledger: Ledger;
  clock: Clock;
  ids: Ids;
  log: Log;
  metrics: Metrics;
  outside: Outside;
  tracing: Tracing;
  /** What this process asked S3. */
  requests: S3Requests;
  /** Of this process, and of no other that ever was. */
  processId: string;
}

export interface SessionOptions {
  /** Name in receipts and logs; default cli. */
  service?: string;
  logLevel?: LogLevel;
  /** Gets one line without its end; default stderr. */
  logTo?: (line: string) => void;
  /** Given to the AWS clients instead of what the SDK finds in the environment (the local clouds have their own). */
  credentials?: CloudCredentials;
  clock?: Clock;
  /** Sends traces, if there is a collector: for what hauls, not for a verb that looks. Default false. */
  isTraced?: boolean;
  /** Crash points of tests; see runtime's outside. */
  faults?: (at: string) => Promise<void>;
}

export async function openSession(config: MigrationConfig, options: SessionOptions = {}): Promise<Session> {
  const service = options.service ?? 'cli';
  const clock = options.clock ?? systemClock;
  const ids = systemIds;
  const instance = `${hostname()}-${process.pid}`;
  const log = createLog({
    write: options.logTo ?? ((line) => process.stderr.write(`${line}\n`)),
    level: options.logLevel ?? 'error',
    clock,
    fields: { service, instance, migration: config.migration },
  });
  const metrics = createMetrics();
  metrics.set('lakehaul_build_info', { service, version: VERSION, node: process.version }, 1);
  const tracing =
    options.isTraced === true
      ? await openTracing(
          {
            ...{ url: config.tracing.url, headersFile: config.tracing.headersFile ?? null },
            ...{ sampleRatio: config.tracing.sampleRatio, migration: config.migration },
            ...{ service, instance, version: VERSION },
          },
          { clock, log, metrics },
        )
      : NO_TRACING;
  const requests = new S3Requests();
  const outside = createOutside({
    onCall: (point) => requests.called(point),
    onFailure: (point, code) => requests.failed(point, code),
    clock,
    ids,
    log,
    metrics,
    tracing,
    ...(options.faults === undefined ? {} : { faults: options.faults }),
  });
  const clouds = await openClouds(config, {
    outside,
    clock,
    ids,
    log,
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  });
  const ledger = new Ledger({
    store: clouds.ledgerStore,
    prefix: config.ledger.prefix,
    migration: config.migration,
    actor: { service, instance, version: VERSION },
    clock,
    ids,
  });
  return {
    ...{ config, clouds, ledger, clock, ids, log, metrics, outside, tracing },
    ...{ requests, processId: ids.uuid() },
    async [Symbol.asyncDispose]() {
      try {
        await clouds.close();
      } finally {
        await tracing.close();
      }
    },
  };
}

/** The ledger as it is now, in one go. */
export async function readLedger(ledger: Ledger): Promise<{ plans: TablePlan[]; scan: LedgerScan }> {
  const plans = await ledger.readPlans();
  const scan = ledger.openScan();
  await scan.refresh();
  return { plans, scan };
}

/** Key prefix of all staged data of a migration, without a slash at the end. */
export function stagingPrefix(config: Pick<MigrationConfig, 'staging' | 'migration'>): string {
  return [config.staging.prefix.replace(/\/+$/, ''), config.migration].filter((part) => part !== '').join('/');
}
