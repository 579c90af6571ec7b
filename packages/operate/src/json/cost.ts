/** What the haul costs, as machines are told: amounts are decimal text, never floats. */
import { z } from 'zod';
import { COST_PARTS } from '../cost/cost.ts';
import type { CostReport } from '../cost/cost-meter.ts';
import { microsText } from '../cost/money.ts';
import { count, said } from './common.ts';

const amount = z
  .string()
  .regex(/^\d+\.\d{6}$/)
  .meta({ title: 'amount as text, six decimals' })
  .nullable();

export const cost = z
  .strictObject({
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .nullable(),
    parts: z.array(
      z.strictObject({
        part: z.enum(COST_PARTS),
        soFar: amount,
        atCompletion: amount.describe('what is left as what was'),
      }),
    ),
    soFar: amount.describe('null unless every part has prices'),
    atCompletion: amount,
    reason: said.nullable().describe('why something is null'),
    readChunks: count.describe('chunks whose receipts were counted; each stands for its neighbours'),
    provenChunks: count,
    budget: z
      .strictObject({ cap: amount, verdict: z.enum(['ok', 'warn', 'stop']), reason: said })
      .nullable()
      .describe('null without a cap'),
  })
  .describe('by the prices of the configuration');

export function costJson({ cost, budget, capMicros }: CostReport): z.input<typeof COST_SHAPE> {
  const { currency, soFar, atCompletion, reason, readChunks, provenChunks } = cost;
  return {
    currency,
    parts: COST_PARTS.map((part) => ({ part, soFar: text(soFar[part]), atCompletion: text(atCompletion[part]) })),
    ...{ soFar: text(cost.totalSoFar), atCompletion: text(cost.totalAtCompletion), reason, readChunks, provenChunks },
    budget: budget === null ? null : { cap: text(capMicros), verdict: budget.verdict, reason: budget.reason },
  };
}

const COST_SHAPE = cost;

function text(micros: bigint | null): string | null {
  return micros === null ? null : microsText(micros);
}
