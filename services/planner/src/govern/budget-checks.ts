/** The budget among the checks of the throttle. */
import { asLakehaulError } from '@lakehaul/core';
import type { Ledger, LedgerScan } from '@lakehaul/ledger';
import { CostMeter, type UsageLedger, unreadBudget } from '@lakehaul/operate';
import type { MigrationConfig } from '@lakehaul/runtime';
import type { Check } from '@lakehaul/throttle';

/** Null when there is no cap. What the scan does not know yet has cost nothing that is known. */
export function budgetChecks(
  config: Pick<MigrationConfig, 'prices' | 'staging'>,
  { ledger, scan }: { ledger: UsageLedger & Pick<Ledger, 'readPlans'>; scan: LedgerScan },
): (() => Promise<readonly Check[]>) | null {
  if (config.prices.cap === undefined) return null;
  const meter = new CostMeter(config);
  let last: Check | null = null;
  return async () => {
    try {
      const known = new Set(scan.plans().map((plan) => `${plan.tableId} ${plan.generation}`));
      const plans = (await ledger.readPlans()).filter((plan) => known.has(`${plan.tableId} ${plan.generation}`));
      last = (await meter.measure(ledger, plans, scan)).budget;
    } catch (thrown) {
      // Money that is spent stays spent, whether or not the ledger can be read just now.
      last ??= unreadBudget(asLakehaulError(thrown).message);
    }
    return last === null ? [] : [last];
  };
}
