/** A monitoring system, or a person, declares a business process failing: kept as evidence for the decision to switch. */
import { PROCESS_NAME } from '@lakehaul/ledger';
import { SIGNAL_JSON, SIGNALS_JSON, signalsJson } from '@lakehaul/operate';
import { z } from 'zod';
import type { ControlDeps } from '../deps.ts';
import { DRY_RUN, makeChange, REASON } from '../make-change.ts';
import type { Change } from '../once.ts';
import { type Route, route } from '../route.ts';

const PLAN = z.strictObject({
  process: z.string(),
  status: z.enum(['failing', 'ok']),
  /** Number of the record that stood when it was asked for; what was asked before there was one says nothing of it. */
  after: z.int().min(0).optional(),
});
type Plan = z.infer<typeof PLAN>;
type Answer = z.input<typeof SIGNAL_JSON>;

export function signalRoutes(deps: ControlDeps): Route[] {
  const { signals } = deps.ledger;
  const declaring = (
    plan: Plan,
    by: { who: string; reason: string },
  ): Change<Plan, Answer> & { preview: () => Promise<Answer> } => ({
    plan: async () => ({ ...plan, after: await signals.number(plan.process) }),
    planShape: PLAN,
    preview: async () => {
      const now = (await signals.current(plan.process))?.body.status ?? 'ok';
      return { ...plan, isDryRun: true, isChanged: now !== plan.status };
    },
    perform: async ({ process, status, after }) => {
      const { isChanged } = await signals.declare({ process, status, ...by }, after);
      return { process, status, isDryRun: false, isChanged };
    },
  });
  return [
    route({
      ...{ method: 'GET', url: '/v1/signals', permission: 'read', tag: 'signals' },
      summary: 'Business processes that somebody declared failing or well again: the newest of each.',
      answer: SIGNALS_JSON,
      handle: async () => signalsJson(await signals.newest()),
    }),
    route({
      ...{ method: 'POST', url: '/v1/signals/:process', permission: 'signal', tag: 'signals', isChange: true },
      summary: 'Declare a business process failing, or well again. Said twice it is one record.',
      params: z.object({ process: z.string().regex(PROCESS_NAME, 'must be a-z 0-9 . _ -, at most 64') }),
      body: z.strictObject({ reason: REASON, dryRun: DRY_RUN, status: PLAN.shape.status }),
      answer: SIGNAL_JSON,
      handle: (call) => {
        const { status, reason } = call.body;
        return makeChange(
          deps,
          call,
          declaring({ process: call.params.process, status }, { who: call.principal.id, reason }),
        );
      },
    }),
  ];
}
