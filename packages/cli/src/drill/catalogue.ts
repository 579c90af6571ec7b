/** The drills, in the order in which deploy/runbook/what-if.md asks its questions. */
import type { Fault } from '@lakehaul/sandbox';
import { type Draw, type Drill, ROLES, type Role, type ScheduledAction } from './drill-plan.ts';

/** Live rows come by another path than the haul's; a lost answer of theirs is not the haul's to mend. */
export const LIVE_MARK = '/* live path */';

const WORKERS: readonly Role[] = ['worker-1', 'worker-2'];
const at = (atReceipts: number, action: ScheduledAction['action']): ScheduledAction => ({ atReceipts, action });

function kills(draw: Draw, count: number, roles: readonly Role[] = ROLES): ScheduledAction[] {
  return draw.moments(count).map((moment) => at(moment, { kind: 'kill', role: draw.one(roles) }));
}

function share(draw: Draw, point: string, happens: Fault['happens'], probability: number): Fault {
  return { point, nth: 0, except: LIVE_MARK, probability, seed: draw.seed(), happens };
}

/** What the Data API throttles: calls to it. Statements do not fail by that. */
const DATA_API = [
  'redshift.BatchExecuteStatement',
  'redshift.DescribeStatement',
  'redshift.GetStatementResult',
  'redshift.ListStatements',
  'redshift.CancelStatement',
];

function throttledSource(draw: Draw, probability: number): Fault[] {
  return DATA_API.map((point) => share(draw, point, { kind: 'throttled' }, probability));
}

export const DRILLS: readonly Drill[] = [
  {
    name: 'rolling-sigterm',
    question: 'What if every service is restarted, one after the other, as a deployment does?',
    needsRedis: true,
    plan: (draw) => ({
      schedule: draw
        .moments(ROLES.length)
        .map((moment, index) => at(moment, { kind: 'terminate', role: ROLES[index] ?? 'planner' })),
    }),
  },
  {
    name: 'sigkill',
    question: 'What if processes are killed (out of memory, a node is lost)?',
    needsRedis: true,
    plan: (draw) => ({ schedule: kills(draw, draw.whole(3, 4)) }),
  },
  {
    name: 'frozen-worker',
    question: 'What if a worker stands still longer than its lock lasts, and then goes on?',
    needsRedis: true,
    plan: (draw) => ({
      schedule: [at(draw.whole(1, 14), { kind: 'freeze', role: draw.one(WORKERS), forMs: draw.whole(3_200, 4_500) })],
    }),
  },
  {
    name: 'clock-skew',
    question: 'What if the clock of one machine is wrong?',
    needsRedis: true,
    plan: (draw) => ({
      skewMs: draw.one([-1, 1]) * draw.one([90_000, 600_000, 86_400_000]),
      schedule: kills(draw, 1, WORKERS),
    }),
  },
  {
    name: 'two-fleets',
    question: 'What if two whole fleets are started on one migration by mistake?',
    needsRedis: true,
    // A worker each, and half as many chunks: as much work in all as in every other drill.
    plan: (draw) => ({ fleets: 2, schedule: [at(draw.whole(1, 9), { kind: 'kill', role: 'worker-1' })] }),
  },
  {
    name: 'redis-flushed',
    question: 'What if Redis is emptied?',
    needsRedis: true,
    plan: (draw) => ({ schedule: draw.moments(draw.whole(2, 3)).map((moment) => at(moment, { kind: 'redis-flush' })) }),
  },
  {
    name: 'redis-silent',
    question: 'What if Redis does not answer for a while?',
    needsRedis: true,
    plan: (draw) => ({ schedule: [at(draw.whole(2, 16), { kind: 'redis-freeze', forMs: draw.whole(2_000, 4_000) })] }),
  },
  {
    name: 'redis-lost',
    question: 'What if Redis is gone for a while and comes back empty?',
    needsRedis: true,
    plan: (draw) => ({
      schedule: [at(draw.whole(2, 16), { kind: 'redis-restart', awayMs: draw.whole(1_000, 3_000), back: 'empty' })],
    }),
  },
  {
    name: 'redis-away',
    question: 'What if Redis is away for half a minute?',
    needsRedis: true,
    isLong: true,
    plan: (draw) => ({
      schedule: [at(draw.whole(2, 16), { kind: 'redis-restart', awayMs: 30_000, back: 'empty' })],
    }),
  },
  {
    name: 'redis-restored',
    question: 'What if Redis comes back from an old backup?',
    needsRedis: true,
    plan: (draw) => {
      const [saved = 1, lost = 2] = draw.moments(2);
      return {
        schedule: [
          at(saved, { kind: 'redis-snapshot' }),
          at(Math.max(lost, saved + 3), { kind: 'redis-restart', awayMs: draw.whole(500, 1_500), back: 'old' }),
        ],
      };
    },
  },
  {
    name: 'redis-full',
    question: 'What if Redis reaches its maxmemory?',
    needsRedis: true,
    plan: (draw) => ({ schedule: [at(draw.whole(2, 16), { kind: 'redis-full', forMs: draw.whole(1_500, 3_000) })] }),
  },
  {
    name: 's3-slowdown',
    question: 'What if S3 answers 20 % of the calls with 503 SlowDown?',
    needsRedis: false,
    plan: (draw) => ({
      schedule: [at(0, { kind: 'faults', plan: [share(draw, 's3.*', { kind: 'throttled' }, 0.2)], forMs: 6_000 })],
    }),
  },
  {
    name: 'source-throttled',
    question: 'What if the Redshift Data API throttles 20 % of the calls?',
    needsRedis: false,
    plan: (draw) => ({
      schedule: [at(0, { kind: 'faults', plan: throttledSource(draw, 0.2), forMs: 6_000 })],
    }),
  },
  {
    name: 'warehouse-stopped',
    question: 'What if the SQL warehouse is stopped and started again?',
    needsRedis: false,
    plan: (draw) => ({
      schedule: [at(draw.whole(2, 14), { kind: 'warehouse-stop', forMs: draw.whole(1_500, 3_000) })],
    }),
  },
  {
    name: 'token-expired',
    question: 'What if a token or the temporary credentials expire in the middle?',
    needsRedis: false,
    plan: (draw) => {
      const points = draw.one([['databricks.*'], ['s3.*'], DATA_API]);
      const happens = { kind: 'token-expired' } as const;
      const plan: Fault[] = points.map((point) => ({ point, nth: 0, except: LIVE_MARK, happens }));
      return { schedule: [at(draw.whole(2, 14), { kind: 'faults', plan, forMs: draw.whole(800, 1_500) })] };
    },
  },
  {
    name: 'answers-lost',
    question: 'What if connections break before or after the work was done?',
    needsRedis: false,
    plan: (draw) => {
      const lost = { kind: 'answer-lost' } as const;
      const plan = [
        share(draw, 's3.PutObject', lost, 0.1),
        share(draw, 'redshift.BatchExecuteStatement', lost, 0.3),
        share(draw, 'databricks.ExecuteStatement', lost, 0.15),
        share(draw, 's3.*', { kind: 'cut-before' }, 0.03),
      ];
      return { schedule: [at(0, { kind: 'faults', plan, forMs: 5_000 })] };
    },
  },
  {
    name: 'late-commits',
    question: 'What if a load commits long after its worker is gone and its successor went on?',
    needsRedis: true,
    plan: (draw) => {
      const late = { kind: 'delay', ms: draw.whole(2_500, 4_500) } as const;
      const plan: Fault[] = [
        // Two COPYs and the first REPLACE come late; a staged file is cut short, so that there is a second attempt.
        { point: 'databricks.copy.commit', nth: draw.whole(1, 3), happens: late },
        { point: 'databricks.copy.commit', nth: draw.whole(4, 8), happens: late },
        { point: 'databricks.insert.commit', nth: 1, except: LIVE_MARK, happens: late },
        { point: 'redshift.unload', nth: draw.whole(1, 6), happens: { kind: 'truncate', bytes: 900 } },
      ];
      return { schedule: [at(0, { kind: 'faults', plan, forMs: 6_000 }), ...kills(draw, 2, WORKERS)] };
    },
  },
  {
    name: 'damaged-files',
    question: 'What if staged files are cut short or changed?',
    needsRedis: false,
    plan: (draw) => {
      const nths = [draw.whole(1, 4), draw.whole(5, 8), draw.whole(9, 14)];
      const plan: Fault[] = nths.map((nth, index) => ({
        point: 'redshift.unload',
        nth,
        match: '.parquet',
        happens:
          index === 0
            ? { kind: 'truncate', bytes: draw.whole(100, 1_500) }
            : { kind: 'corrupt', offset: draw.whole(4, 1_500) },
      }));
      return { schedule: [at(0, { kind: 'faults', plan, forMs: 6_000 })] };
    },
  },
  {
    name: 'disk-full',
    question: 'What if a disk is full: at the source, at the warehouse, or Redis cannot save?',
    needsRedis: true,
    plan: (draw) => ({
      schedule: [
        at(draw.whole(1, 4), {
          kind: 'faults',
          plan: [
            share(draw, 'redshift.unload', { kind: 'disk-full' }, 0.3),
            share(draw, 'databricks.copy.commit', { kind: 'disk-full' }, 0.3),
            share(draw, 's3.PutObject', { kind: 'disk-full' }, 0.1),
          ],
          forMs: 3_000,
        }),
        at(draw.whole(6, 16), { kind: 'redis-disk-full', forMs: draw.whole(1_000, 2_000) }),
      ],
    }),
  },
  {
    name: 'redis-and-worker',
    question: 'What if Redis is emptied and a worker killed at the same moment?',
    needsRedis: true,
    plan: (draw) => ({
      schedule: draw
        .moments(2)
        .flatMap((moment) => [
          at(moment, { kind: 'redis-flush' }),
          at(moment, { kind: 'kill', role: draw.one(WORKERS) }),
        ]),
    }),
  },
  {
    name: 'storm',
    question: 'What if everything comes at once?',
    needsRedis: true,
    plan: (draw) => {
      const plan = [
        share(draw, 's3.*', { kind: 'throttled' }, 0.1),
        ...throttledSource(draw, 0.1),
        share(draw, 'databricks.ExecuteStatement', { kind: 'answer-lost' }, 0.1),
        share(draw, 'databricks.copy.commit', { kind: 'delay', ms: draw.whole(800, 2_000) }, 0.2),
      ];
      const [flush = 1, stop = 2] = draw.moments(2);
      return {
        schedule: [
          // From the first receipt on: the haul itself is to meet it, not only the planning.
          at(1, { kind: 'faults', plan, forMs: 4_000 }),
          ...kills(draw, 2),
          at(flush, { kind: 'redis-flush' }),
          at(stop, { kind: 'warehouse-stop', forMs: draw.whole(500, 1_500) }),
        ],
      };
    },
  },
];
