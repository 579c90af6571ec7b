/**
 * bull-board over the queues of the migration, for looking only: what waits and runs as the queue store itself tells it. Jobs
 * carry ids and nothing else. Of its routes only the reading ones are known here, whatever a later version of it adds
 * (queues-board.test.ts holds the list against its own); it is loaded with the first look.
 */

import type { AppControllerRoute, BullBoardQueues, IServerAdapter } from '@bull-board/api/typings/app';
import { type Clock, LakehaulError, type Log } from '@lakehaul/core';
import type { ChunkQueues } from '@lakehaul/queue';

/** GET routes of @bull-board/api, below the board's path. */
export const BOARD_READS = [
  '/api/redis/stats',
  '/api/queues',
  '/api/job-schedulers',
  '/api/queues/:queueName/metrics',
  '/api/queues/:queueName/default-job-options',
  '/api/queues/:queueName/workers',
  '/api/queues/:queueName/rate-limit',
  '/api/queues/:queueName/job-data-schema',
  '/api/queues/:queueName/:jobId/logs',
  '/api/queues/:queueName/:jobId/flow',
  '/api/queues/:queueName/:jobId',
] as const;
export type BoardRead = (typeof BOARD_READS)[number];

/** Longer than any look at a store that answers. */
const LONGEST_MS = 5_000;
/** While the store hangs, so many questions wait for it and no more: pages ask again and again. */
const MOST_AT_ONCE = 16;
/** Told to the page, and to the reads. */
export const UI_CONFIG = { boardTitle: 'lakehaul queues', miscLinks: [{ text: 'Console', url: '/' }] };

export interface BoardDeps {
  queues: Pick<ChunkQueues, 'bullQueues'>;
  /** Where its page lies. */
  uiPath: string;
  clock: Pick<Clock, 'sleep'>;
  log: Log;
}

export interface BoardRequest {
  query: Record<string, unknown>;
  params: Record<string, unknown>;
}

type Read = (request: BoardRequest) => Promise<{ status?: number; body: unknown }>;

export class QueuesBoard {
  readonly uiPath: string;
  readonly #deps: BoardDeps;
  #reads: Promise<ReadonlyMap<string, Read>> | null = null;
  #waiting = 0;

  constructor(deps: BoardDeps) {
    this.#deps = deps;
    this.uiPath = deps.uiPath;
  }

  /** QUEUE_UNAVAILABLE when the store is away or takes too long; NOT_FOUND, REQUEST_INVALID. */
  async read(route: BoardRead, request: BoardRequest): Promise<unknown> {
    this.#reads ??= readsOver(this.#deps.queues, this.uiPath);
    const read = (await this.#reads).get(route);
    if (read === undefined) throw new LakehaulError('NOT_FOUND', 'no such path');
    const { status = 200, body } = await this.#inTime(() => read(request));
    if (status === 404)
      throw new LakehaulError('NOT_FOUND', 'no such queue or job: it may have ended, and left its queue');
    if (status === 400) throw new LakehaulError('REQUEST_INVALID', 'the board does not know such a query');
    if (status !== 200) throw this.#away(`answer ${status}`);
    return body;
  }

  async #inTime<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MOST_AT_ONCE) throw this.#away('too many questions wait for it');
    const timer = new AbortController();
    this.#waiting++;
    // Counted until it is answered, not until nobody waits for it any more.
    const asked = ask().finally(() => {
      this.#waiting--;
    });
    const late = this.#deps.clock.sleep(LONGEST_MS, timer.signal).then(() => {
      throw this.#away(`no answer within ${LONGEST_MS} ms`);
    });
    try {
      return await Promise.race([asked, late]);
    } catch (thrown) {
      if (thrown instanceof URIError)
        throw new LakehaulError('REQUEST_INVALID', 'the name of a queue cannot be decoded');
      throw thrown instanceof LakehaulError
        ? thrown
        : this.#away(thrown instanceof Error ? thrown.message : 'it failed');
    } finally {
      timer.abort();
    }
  }

  /** Words of the store are for the log: they may hold addresses. */
  #away(reason: string): LakehaulError {
    this.#deps.log.warn('queues board not answered', { reason });
    return new LakehaulError('QUEUE_UNAVAILABLE', 'the queue store does not answer');
  }
}

async function readsOver({ bullQueues }: BoardDeps['queues'], uiPath: string): Promise<ReadonlyMap<string, Read>> {
  const [{ createBullBoard }, { BullMQAdapter }] = await Promise.all([
    import('@bull-board/api'),
    import('@bull-board/api/bullMQAdapter'),
  ]);
  const collected = new CollectedRoutes();
  const queues = bullQueues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true, allowRetries: false }));
  createBullBoard({ queues, serverAdapter: collected, options: { uiBasePath: uiPath, uiConfig: UI_CONFIG } });
  return collected.reads;
}

/** What bull-board calls a server: here nothing listens, and what writes is left where it is. */
class CollectedRoutes implements IServerAdapter {
  readonly reads = new Map<string, Read>();
  #queues: BullBoardQueues = new Map();

  setQueues(queues: BullBoardQueues) {
    this.#queues = queues;
    return this;
  }

  setApiRoutes(routes: AppControllerRoute[]) {
    for (const { method, route, handler } of routes)
      if (method === 'get' && (BOARD_READS as readonly unknown[]).includes(route))
        this.reads.set(String(route), async ({ query, params }) =>
          handler({ queues: this.#queues, uiConfig: UI_CONFIG, query, params, body: {}, headers: {} }),
        );
    return this;
  }

  // The page and its files are ours to serve (board-routes.ts).
  setViewsPath = () => this;
  setStaticPath = () => this;
  setEntryRoute = () => this;
  setErrorHandler = () => this;
  setUIConfig = () => this;
}
