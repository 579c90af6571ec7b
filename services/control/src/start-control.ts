/** The service put together: the read model's loop, the tokens' loop, the listeners, and the API on its port. */
import { LakehaulError } from '@lakehaul/core';
import { type HostedService, type Session, startLoop, VERSION } from '@lakehaul/fleet';
import { statusOptions } from '@lakehaul/operate';
import type { ChunkQueues } from '@lakehaul/queue';
import { livenessOf, throttleOf } from '@lakehaul/runtime';
import { buildApp } from './app.ts';
import { authenticateBy } from './auth/authenticate.ts';
import { oidcBearer } from './auth/oidc.ts';
import { openTokens } from './auth/open-tokens.ts';
import type { KnowsBearer } from './auth/principal.ts';
import { ChunkCauses } from './chunk-causes.ts';
import { consoleDirectory } from './console-files.ts';
import { EventHub, KEEP_EVERY_MS } from './event-hub.ts';
import { TableMetrics } from './export-tables.ts';
import { listenOn } from './listen.ts';
import { startNotifying } from './notify.ts';
import { QueuesBoard } from './queues-board/board.ts';
import { boardDirectory } from './queues-board/board-routes.ts';
import { ReadModel } from './read-model.ts';
import { readiness } from './readiness.ts';

/** A token that is taken out of the file is refused after this. */
const TOKENS_EVERY_MS = 10_000;

export interface StartedControl extends HostedService {
  port: number;
}

export async function startControl(request: {
  session: Session;
  queues: Pick<ChunkQueues, 'counts' | 'concurrency' | 'bullQueues'>;
  fail: (error: unknown) => void;
}): Promise<StartedControl> {
  const { session, queues, fail } = request;
  const { config, clouds, ledger, clock, log, outside } = session;
  const { control } = config;
  const tokens =
    control.tokensFile === undefined ? null : await openTokens(control.tokensFile, { nowMs: () => clock.nowMs(), log });
  const ways: KnowsBearer[] = tokens === null ? [] : [tokens.knows];
  if (control.oidc !== undefined) ways.push(oidcBearer(control.oidc, { outside, log, nowMs: () => clock.nowMs() }));
  if (ways.length === 0)
    throw new LakehaulError(
      'CONFIG_INVALID',
      'nobody could log in: neither control.tokensFile nor control.oidc is set',
      {
        where: 'control',
        next: 'add one of them; deploy/runbook/control.md shows how',
      },
    );
  const model = new ReadModel({ ledger, queues, clock, log, ...statusOptions(config) });
  const events = new EventHub({ model, clock, maxConnections: control.eventConnections });
  const tableMetrics = new TableMetrics(session.metrics, control.metricTables);
  model.onSnapshot(({ report }) => tableMetrics.export(report));
  const shared = { clock, log, fail };
  const looking = startLoop({
    ...{ ...shared, name: 'look', everyMs: control.refreshEveryMs },
    runOnce: () => model.refreshOnce(),
  });
  const keeping = startLoop({
    ...{ ...shared, name: 'listeners', everyMs: KEEP_EVERY_MS },
    runOnce: () => events.runOnce(),
  });
  const causes = new ChunkCauses(ledger);
  const asking = startLoop({
    ...{ ...shared, name: 'causes', everyMs: control.refreshEveryMs },
    runOnce: async (signal) => {
      if (model.isReady) await causes.readOnce(model.snapshot, signal);
    },
  });
  const reading =
    tokens === null
      ? null
      : startLoop({ ...shared, name: 'tokens', everyMs: TOKENS_EVERY_MS, runOnce: tokens.readOnce });
  const notifying = startNotifying({ session, model, fail });
  const loops = () => [
    ...looking.loops(),
    ...keeping.loops(),
    ...asking.loops(),
    ...(reading?.loops() ?? []),
    ...(notifying?.loops() ?? []),
  ];
  const isLive = livenessOf(loops, clock);
  const uiPath = boardDirectory();
  const app = await buildApp({
    ...{
      version: VERSION,
      config: control,
      limits: config.limits,
      diffMs: config.ledger.diffMs,
      throttle: throttleOf(config.throttle),
      ledger,
      source: clouds.source,
      target: clouds.target,
      model,
      causes,
      events,
    },
    ...{ authenticate: authenticateBy(ways), wake: looking.wake, clock, log, isLive },
    consoleDirectory: consoleDirectory(),
    board: uiPath === null ? null : new QueuesBoard({ queues, uiPath, clock, log }),
    isReady: async () => readiness(model, tokens?.isReadable() ?? true),
  });
  const stop = async () => {
    events.close();
    await Promise.all([app.close(), looking.stop(), keeping.stop(), asking.stop(), reading?.stop(), notifying?.stop()]);
  };
  const port = await listenOn(app, control).catch(async (thrown: unknown) => {
    await stop();
    throw thrown;
  });
  log.info('api listens', { host: control.host, port });
  return { port, loops, drain: stop, stop, done: new Promise(() => undefined) };
}
