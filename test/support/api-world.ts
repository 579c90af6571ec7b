/** The control API over a ledger in memory, with people of every role: what the tests of `services/control` stand on. */

import type { DiscoveredTable, SourceCatalogue } from '@lakehaul/adapters';
import { type Log, type Step, type TablePlan, THROTTLE_DEFAULTS } from '@lakehaul/core';
import type { Ledger } from '@lakehaul/ledger';
import type { StepCounts } from '@lakehaul/queue';
// File by file: the index brings the clouds' drivers along, which take seconds to load.
import { buildApp } from '../../services/control/src/app.ts';
import type { Principal, Role } from '../../services/control/src/auth/principal.ts';
import { ChunkCauses } from '../../services/control/src/chunk-causes.ts';
import type { ControlDeps } from '../../services/control/src/deps.ts';
import { EventHub } from '../../services/control/src/event-hub.ts';
import { ReadModel } from '../../services/control/src/read-model.ts';
import { BODIES, chunkRef, LedgerWorld, rangeChunks, tablePlan } from './ledger-world.ts';

export const SALES = tablePlan(12);
export const EVENTS = tablePlan(5, {
  tableId: 'logs-events-00000000',
  source: { database: 'dev', schema: 'logs', table: 'events', oid: '101', columnListHash: 'abc' },
  level: 'full',
});
/** Of SALES. */
export const QUARANTINED = [2, 5, 7];

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

/** The table as the catalogue told it when it was planned. */
export function asPlanned({ source }: TablePlan): DiscoveredTable {
  const { database, schema, table, oid, columnListHash } = source;
  return {
    ...{ name: { database, schema, table }, oid, columnListHash, columns: [] },
    ...{ estimatedRows: null, estimatedBytes: null, sortKeyStyle: 'none', hasRowSecurity: false, hasMasking: false },
  };
}

/** `Bearer viewer` is a viewer, `Bearer operator+approver` both; `nobody` is known and has no role. */
export async function byName(header: string | undefined): Promise<Principal | null> {
  const name = /^Bearer ([a-z+-]+)$/.exec(header ?? '')?.[1];
  if (name === undefined) return null;
  if (name === 'nobody') return { id: 'token:nobody', roles: new Set() };
  const roles = name.replace(/^(ann|ben)-/, '').split('+') as Role[];
  const isKnown = roles.every((role) => ['viewer', 'operator', 'approver', 'reporter', 'examiner'].includes(role));
  return isKnown ? { id: `token:${name}`, roles: new Set(roles) } : null;
}

export class ApiWorld {
  readonly world = new LedgerWorld();
  readonly ledger: Ledger = this.world.open('control');
  counts: Record<Step, StepCounts> = {
    unload: { waiting: 5, active: 2, delayed: 0 },
    load: { waiting: 0, active: 1, delayed: 0 },
    verify: { waiting: 0, active: 0, delayed: 0 },
  };
  concurrency: Record<Step, number | null> = { unload: null, load: null, verify: null };
  /** What the source tells of its tables: as planned, until a test says otherwise. */
  catalogue: SourceCatalogue = { tables: [SALES, EVENTS].map(asPlanned), notMoved: [] };
  isQueueAway = false;
  readonly errors: string[] = [];

  async seed(): Promise<void> {
    for (const plan of [SALES, EVENTS]) await this.ledger.writePlan(plan, rangeChunks(plan));
    for (const chunk of QUARANTINED) {
      const ref = { ...chunkRef(SALES, chunk), attempt: 1 };
      await this.ledger.openAttempt(ref, { attempt: 1, body: BODIES.opened, causedBy: null });
      await this.ledger.write(ref, 'quarantined', BODIES.quarantined, null);
    }
    this.world.tick();
  }

  /** One process more over the same ledger; `change` what it is made of. */
  async process(change: Partial<ControlDeps> = {}, instance = 'control') {
    const ledger = change.ledger ?? this.world.open(instance);
    const clock = { nowMs: () => this.world.nowMs, sleep: () => Promise.resolve() };
    const log: Log = { ...silent, error: (message) => void this.errors.push(message) };
    const queues = {
      counts: async () => {
        if (this.isQueueAway) throw new Error('away');
        return this.counts;
      },
      concurrency: async () => this.concurrency,
    };
    const model = new ReadModel({ ledger, queues, clock, log, staleAfterMs: 60_000 });
    const events = new EventHub({ model, clock, maxConnections: 20 });
    const deps: ControlDeps = {
      version: '0',
      config: {
        ...{ host: '127.0.0.1', port: 0, refreshEveryMs: 1_000, eventConnections: 20, metricTables: 2_000 },
        rateLimit: { perMinute: 1_000_000, unknownPerMinute: 1_000_000, changesPerMinute: 1_000_000 },
      },
      diffMs: 86_400_000,
      limits: [{ pattern: '*::unload', max: 40 }],
      throttle: { configured: THROTTLE_DEFAULTS, blackouts: { hours: [], dates: [] } },
      ledger,
      source: {
        runningStatements: async () => [],
        cancelStatement: async () => undefined,
        discover: async () => this.catalogue,
      },
      target: {
        version: async () => '7',
        countLineages: async () => [{ lineage: 131_073n, rowCount: '9' }],
      },
      ...{ model, causes: new ChunkCauses(ledger), events, clock, log },
      authenticate: ({ headers }) => byName(headers.authorization),
      wake: () => undefined,
      consoleDirectory: null,
      board: null,
      isLive: () => ({ isOk: true, detail: {} }),
      isReady: async () => ({ isOk: true, detail: {} }),
      ...change,
    };
    const app = await buildApp(deps);
    return { app, deps, model, events, ledger };
  }
}
