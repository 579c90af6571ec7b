/** What most verbs need: the configuration read, the clouds and the ledger opened, all from one place. */

import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { type Clouds, openClouds } from '@lakehaul/adapters';
import { type Clock, type Ids, LakehaulError, type Log, type Outside, type TablePlan } from '@lakehaul/core';
import { Ledger, type LedgerScan } from '@lakehaul/ledger';
import {
  createLog,
  createMetrics,
  createOutside,
  loadMigrationConfig,
  type Metrics,
  type MigrationConfig,
  systemClock,
  systemIds,
} from '@lakehaul/runtime';
import { problemsText } from './print/config-problems.ts';
import type { VerbCall } from './verb.ts';

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
}

export async function readConfig(call: VerbCall): Promise<MigrationConfig> {
  const path = String(call.flags['config'] ?? 'lakehaul.yaml');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LakehaulError('CONFIG_INVALID', `${path} cannot be read`, {
      cause,
      where: path,
      next: 'name the file with --config, or copy lakehaul.example.yaml',
    });
  });
  const result = loadMigrationConfig({ path, text, env: call.env });
  if ('problems' in result) throw new LakehaulError('CONFIG_INVALID', problemsText(result.problems), { where: path });
  return result.config;
}

export async function openSession(
  call: VerbCall,
  options: { logLevel?: 'debug' | 'info' | 'warn' | 'error'; logTo?: (line: string) => void } = {},
): Promise<Session> {
  return sessionFor(await readConfig(call), options);
}

export async function sessionFor(
  config: MigrationConfig,
  options: { logLevel?: 'debug' | 'info' | 'warn' | 'error'; logTo?: (line: string) => void } = {},
): Promise<Session> {
  const clock = systemClock;
  const ids = systemIds;
  const log = createLog({
    write: options.logTo ?? ((line) => process.stderr.write(`${line}\n`)),
    level: options.logLevel ?? 'error',
    clock,
  });
  const metrics = createMetrics();
  const outside = createOutside({ clock, ids, log, metrics });
  const clouds = await openClouds(config, { outside, clock, ids, log });
  const instance = `${hostname()}-${process.pid}`;
  const ledger = new Ledger({
    store: clouds.ledgerStore,
    prefix: config.ledger.prefix,
    migration: config.migration,
    actor: { service: 'cli', instance, version: VERSION },
    clock,
    ids,
  });
  return {
    config,
    clouds,
    ledger,
    clock,
    ids,
    log,
    metrics,
    outside,
    async [Symbol.asyncDispose]() {
      await clouds.close();
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
