/** The loop that tells people what is news; none when nobody is to be told. */
import { randomUUID } from 'node:crypto';
import { type RunningLoop, type Session, startLoop } from '@lakehaul/fleet';
import type { Ledger, ThrottleFollower } from '@lakehaul/ledger';
import { factsOf, Notifier, type ThrottleStop, ThrottleStops } from '@lakehaul/operate';
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
  const throttleStops = followed(ledger);
  const loop = startLoop({
    ...{ name: 'notify', everyMs, clock, log, fail },
    runOnce: async () => {
      if (!model.isReady) return;
      const { report, scan, changes, asOf } = model.snapshot;
      // Not the scan's own time: that of the next look may have begun.
      const nowMs = Date.parse(asOf);
      const [signals, stops] = [await ledger.signals.all(), await ledger.stops.history()];
      const throttle = { throttle: await ledger.throttle.latest(), throttleStops: await throttleStops(nowMs) };
      await notifier.runOnce(factsOf({ report, scan, changes, signals, stops, ...throttle, nowMs, pausedAfterMs }));
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

/** From where the last notice was: what was decided since may have begun and ended while nobody looked. */
function followed(ledger: Ledger): (nowMs: number) => Promise<readonly ThrottleStop[]> {
  const stops = new ThrottleStops();
  let follower: ThrottleFollower | null = null;
  return async (nowMs) => {
    follower ??= ledger.throttle.follow((await ledger.notices.latest())?.told.past?.sinceMs ?? nowMs);
    stops.add(await follower.next());
    return stops.ended;
  };
}
