/** What the routes work with. */
import type { Source, Target } from '@lakehaul/adapters';
import type { Clock, LimitRow, Log } from '@lakehaul/core';
import type { Ledger } from '@lakehaul/ledger';
import type { ThrottleConfig } from '@lakehaul/operate';
import type { Health, MigrationConfig } from '@lakehaul/runtime';
import type { Authenticate } from './auth/authenticate.ts';
import type { ChunkCauses } from './chunk-causes.ts';
import type { EventHub } from './event-hub.ts';
import type { QueuesBoard } from './queues-board/board.ts';
import type { ReadModel } from './read-model.ts';

export interface ControlDeps {
  version: string;
  config: MigrationConfig['control'];
  /** How long rows of a diff are kept. */
  diffMs: number;
  /** Of the configuration, before what people set. */
  limits: readonly LimitRow[];
  throttle: ThrottleConfig;
  ledger: Ledger;
  source: Pick<Source, 'runningStatements' | 'cancelStatement' | 'discover'>;
  target: Pick<Target, 'version' | 'countLineages'>;
  model: ReadModel;
  causes: ChunkCauses;
  events: EventHub;
  authenticate: Authenticate;
  /** After a change: the next look comes now. */
  wake: () => void;
  /** Where the built console lies; null: it is not built. */
  consoleDirectory: string | null;
  /** bull-board, for looking; null where it is not installed. */
  board: QueuesBoard | null;
  clock: Clock;
  log: Log;
  isLive: () => Health;
  isReady: () => Promise<Health>;
}
