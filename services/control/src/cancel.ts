/** Cancelling UNLOADs as a change that is made once: the record says which statements, who and why. */
import { heldBy } from '@lakehaul/core';
import { CANCEL_JSON, type CancelAnswer, type CancelDeps, cancelUnloads, planCancel } from '@lakehaul/operate';
import type { Change } from './once.ts';

const PLAN = CANCEL_JSON.shape.statements;
type Plan = CancelAnswer['statements'];

export function cancelChange(
  look: () => Promise<CancelDeps>,
  pattern: string,
): Change<Plan, CancelAnswer> & { preview: () => Promise<CancelAnswer> } {
  const plan = async () => planCancel(await look(), pattern);
  const told = (statements: Plan, isDryRun: boolean): CancelAnswer => ({
    isDryRun,
    total: statements.length,
    statements,
  });
  return {
    plan,
    planShape: PLAN,
    preview: async () => told(await plan(), true),
    perform: async (planned) => {
      const { source, limits } = await look();
      // Resumed meanwhile, it would only be started again.
      const held = planned.filter(({ table }) => heldBy(limits, table, 'unload') !== null);
      await cancelUnloads(source, held);
      return told(held, false);
    },
  };
}
