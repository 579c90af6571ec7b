/** Everything that the throttle looks at, read at one moment. What cannot be read says so; nothing here throws. */
import type { SourceLoad, SourcePressure, TargetLoad } from '@lakehaul/adapters';
import { asLakehaulError, LakehaulError, type TablePlan, type ThrottleSettings } from '@lakehaul/core';
import type { FleetSlowDowns } from '@lakehaul/fleet';
import type { ChunkQueues } from '@lakehaul/queue';
import type { Readings, Unread } from '@lakehaul/throttle';

export interface SignsDeps {
  source: SourceLoad;
  target: TargetLoad;
  queues: Pick<ChunkQueues, 'counts'>;
  /** Is there an object of this key in the ledger's bucket? */
  hasObject: (key: string) => Promise<boolean>;
  /** Of the whole fleet, since this was last asked. */
  takeS3SlowDowns: () => Promise<FleetSlowDowns>;
  readingTimeoutMs: number;
  flagKey: string | null;
}

export interface Signs {
  readings: Readings;
  canaryMs: number | null;
  /** UNLOADs that run; null: the queue store does not say. */
  running: number | null;
}

export async function readSigns(
  deps: SignsDeps,
  request: {
    settings: ThrottleSettings;
    plans: readonly TablePlan[];
    failedBefore: number;
    signal?: AbortSignal | undefined;
  },
): Promise<Signs> {
  const { source, target, queues, readingTimeoutMs: timeoutMs } = deps;
  const { windowMs } = request.settings;
  const [pressure, warehouseQueued, running, flag, s3SlowDowns] = await Promise.all([
    tried(
      source.readPressure({ windowMs, timeoutMs, canaryTable: canaryTable(request.plans), signal: request.signal }),
    ),
    tried(within(timeoutMs, target.queuedStatements())),
    tried(
      within(
        timeoutMs,
        queues.counts().then((counts) => counts.unload.active),
      ),
    ),
    readFlag(deps),
    tried(within(timeoutMs, deps.takeS3SlowDowns())),
  ]);
  const isRead = !isUnread(pressure);
  return {
    readings: {
      failed: isRead ? null : { times: request.failedBefore + 1, reason: pressure.unread },
      source: isRead ? ofAll(pressure) : pressure,
      canaryMs: isRead ? (pressure.canaryMs ?? { unread: 'the history tells of no canary yet' }) : pressure,
      diskPercent: isRead ? (pressure.storagePercent ?? { unread: pressure.storageUnread ?? 'unknown' }) : pressure,
      warehouseQueued,
      s3SlowDowns,
      flag,
    },
    canaryMs: isRead ? pressure.canaryMs : null,
    running: isUnread(running) ? null : running,
  };
}

/** Without the right to see others' statements the numbers would say that all is well. */
function ofAll(pressure: SourcePressure): Readings['source'] {
  if (pressure.seesAllStatements) return pressure;
  return { unread: 'the user sees its own statements only (ALTER USER … SYSLOG ACCESS UNRESTRICTED)' };
}

/** The same table as long as nothing is planned: a canary is compared with itself. */
function canaryTable(plans: readonly TablePlan[]): TablePlan['source'] | null {
  const smallest = plans.reduce<TablePlan | null>(
    (least, plan) => (least === null || isBefore(plan, least) ? plan : least),
    null,
  );
  return smallest?.source ?? null;
}

function isBefore(a: TablePlan, b: TablePlan): boolean {
  return a.chunkCount === b.chunkCount ? a.tableId < b.tableId : a.chunkCount < b.chunkCount;
}

async function readFlag({ flagKey, hasObject, readingTimeoutMs }: SignsDeps): Promise<Readings['flag']> {
  if (flagKey === null) return null;
  const isUp = await tried(within(readingTimeoutMs, hasObject(flagKey)));
  return isUnread(isUp) ? isUp : { key: flagKey, isUp };
}

function isUnread<T>(value: T | Unread): value is Unread {
  return typeof value === 'object' && value !== null && 'unread' in value;
}

/** What answers late is as good as unread: a pass that waited for it would leave the slots as they are. */
async function within<T>(timeoutMs: number, reading: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, refuse) => {
    timer = setTimeout(() => refuse(new LakehaulError('ANSWER_LOST', `no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function tried<T>(reading: Promise<T>): Promise<T | Unread> {
  try {
    return await reading;
  } catch (thrown) {
    const { code, message } = asLakehaulError(thrown);
    return { unread: `${code} ${message}` };
  }
}
