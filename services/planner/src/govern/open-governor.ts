import { type Session, SlowDownTally } from '@lakehaul/fleet';
import type { Ledger, LedgerScan } from '@lakehaul/ledger';
import type { ChunkQueues } from '@lakehaul/queue';
import { throttleOf } from '@lakehaul/runtime';
import { budgetChecks } from './budget-checks.ts';
import { Governor } from './governor.ts';

/** More than any fleet has: the workers' own slots are what counts then. */
const UNBOUNDED = 1_000_000;

/** Null when the configuration wants none; what an earlier one has set in the queue store is lifted. */
export async function openGovernor(
  session: Session,
  { ledger = session.ledger, queues, scan }: { ledger?: Ledger; queues: ChunkQueues; scan: LedgerScan },
): Promise<Governor | null> {
  const { config, clouds, clock, log, metrics } = session;
  if (!config.throttle.governor) {
    await queues.setConcurrency('unload', UNBOUNDED);
    return null;
  }
  const others = budgetChecks(config, { ledger, scan });
  const slowDowns = new SlowDownTally({
    ...{ queues, process: session.processId, total: () => session.requests.slowDowns, nowMs: () => clock.nowMs() },
  });
  const governor = new Governor({
    ...{ ledger, queues, clock, log, metrics, source: clouds.source, target: clouds.target },
    ...throttleOf(config.throttle),
    readingTimeoutMs: config.throttle.readingTimeoutMs,
    flagKey: config.throttle.flagKey ?? null,
    hasObject: async (key) => (await clouds.ledgerStore.head(key)) !== null,
    ...(others === null ? {} : { others }),
    takeS3SlowDowns: () => slowDowns.take(),
  });
  await governor.open();
  return governor;
}
