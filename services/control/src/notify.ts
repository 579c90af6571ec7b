/** The loop that tells people what is news; none when nobody is to be told. */
import { randomUUID } from 'node:crypto';
import { type RunningLoop, type Session, startLoop } from '@lakehaul/fleet';
import { type Ledger, type LedgerRecord, type ProcessSignal, SIGNALS } from '@lakehaul/ledger';
import { factsOf, Notifier } from '@lakehaul/operate';
import type { MigrationConfig } from '@lakehaul/runtime';
import type { ReadModel } from './read-model.ts';

export function startNotifying(request: {
  session: Pick<Session, 'ledger' | 'outside' | 'clock' | 'log' | 'metrics'> & {
    config: Pick<MigrationConfig, 'notify'>;
  };
  model: Pick<ReadModel, 'isReady' | 'snapshot'>;
  fail: (error: unknown) => void;
}): Pick<RunningLoop, 'loops' | 'stop'> | null {
  const { session, model, fail } = request;
  const { config, ledger, outside, clock, log, metrics } = session;
  const { everyMs, pausedAfterMs, giveUpAfterMs, receivers } = config.notify;
  if (receivers.length === 0) return null;
  const notifier = new Notifier({
    ...{ notices: ledger.notices, serverTimeMs: () => ledger.serverTimeMs(), migration: ledger.migration },
    ...{ receivers, giveUpAfterMs, claimant: randomUUID(), outside, clock, log },
    count: (outcome) => metrics.count('lakehaul_notices_total', { outcome }),
  });
  const readSignals = newestSignalsOf(ledger);
  const loop = startLoop({
    ...{ name: 'notify', everyMs, clock, log, fail },
    runOnce: async () => {
      if (!model.isReady) return;
      const { report, scan, changes, asOf } = model.snapshot;
      const [signals, throttle] = [await readSignals(), await ledger.throttle.latest()];
      // Not the scan's own time: that of the next look may have begun.
      const nowMs = Date.parse(asOf);
      await notifier.runOnce(factsOf({ report, scan, changes, signals, throttle, nowMs, pausedAfterMs }));
    },
  });
  return {
    loops: loop.loops,
    stop: async () => {
      notifier.stop();
      await loop.stop();
    },
  };
}

/** A LIST a look; what a monitoring system declared over weeks is read again only when there is more of it. */
function newestSignalsOf(ledger: Ledger): () => Promise<LedgerRecord<ProcessSignal>[]> {
  let known = '';
  let newest: LedgerRecord<ProcessSignal>[] = [];
  return async () => {
    const listed = (await ledger.listRecords(SIGNALS)).map(({ path }) => path).join('\n');
    if (listed !== known) {
      newest = await ledger.signals.newest();
      known = listed;
    }
    return newest;
  };
}
