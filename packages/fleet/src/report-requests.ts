/** What every process of the fleet says of its requests to S3: to the governor at once, to the ledger now and then. */
import { asLakehaulError } from '@lakehaul/core';
import type { Ledger } from '@lakehaul/ledger';
import type { ChunkQueues } from '@lakehaul/queue';
import type { Loop } from '@lakehaul/runtime';
import { startLoop } from './loop.ts';
import { RequestRecorder } from './request-recorder.ts';
import type { Session } from './session.ts';
import { slowDownTeller, TELL_EVERY_MS } from './slow-downs.ts';

const RECORD_EVERY_MS = 60_000;
const LAST_RECORD_MS = 3_000;

export function startReporting(request: {
  session: Pick<Session, 'clock' | 'log' | 'requests' | 'processId'> & { ledger: Pick<Ledger, 'requests'> };
  queues: Pick<ChunkQueues, 'tellBoard'>;
  fail: (error: unknown) => void;
}): { loops: () => readonly Loop[]; stop(): Promise<void> } {
  const { session, queues, fail } = request;
  const { clock, log, ledger, requests, processId } = session;
  const recorder = new RequestRecorder({ ledger, process: processId, counts: () => requests.counts() });
  const tell = slowDownTeller({ queues, process: processId, total: () => requests.slowDowns });
  const shared = { clock, log, fail };
  const telling = startLoop({ ...shared, name: 'tell-slow-downs', everyMs: TELL_EVERY_MS, runOnce: tell });
  const recording = startLoop({
    ...{ ...shared, name: 'record-requests', everyMs: RECORD_EVERY_MS },
    runOnce: () => recorder.runOnce(),
  });
  const end = async () => {
    await Promise.all([telling.stop(), recording.stop()]);
    // An end in order neither fails nor waits long for a number that is an estimate anyway.
    const over = new AbortController();
    const late = clock.sleep(LAST_RECORD_MS, over.signal).catch(() => undefined);
    const last = recorder
      .close()
      .catch((thrown: unknown) => log.warn('requests not recorded', { reason: asLakehaulError(thrown).message }));
    await Promise.race([last, late]);
    over.abort();
  };
  let ended: Promise<void> | null = null;
  return {
    loops: () => [...telling.loops(), ...recording.loops()],
    stop() {
      ended ??= end();
      return ended;
    },
  };
}
