/** The cost of a haul by its configuration and ledger: counted only where there are prices to count for. */
import type { TablePlan } from '@lakehaul/core';
import type { LedgerScan } from '@lakehaul/ledger';
import type { Check } from '@lakehaul/throttle';
import { type BudgetCap, budgetCheck } from './budget.ts';
import { type Cost, costOf, type Prices } from './cost.ts';
import { parseMicros } from './money.ts';
import { type UsageLedger, UsageMeter } from './usage.ts';

/** The section `prices` of the configuration. */
export interface ConfiguredPrices {
  currency?: string;
  redshift?: { unitHour: string; units: number; sharePercent: number };
  s3?: { putThousand: string; getThousand: string; gibMonth: string };
  databricks?: { dbu: string; dbusPerHour: string };
  cap?: string;
  warnPercent: number;
}

export interface CostReport {
  cost: Cost;
  /** Null without a cap. */
  budget: Check | null;
  capMicros: bigint | null;
}

export class CostMeter {
  readonly #prices: Prices | null;
  readonly #cap: BudgetCap | null;
  readonly #usage: UsageMeter;

  constructor(config: { prices: ConfiguredPrices; staging: { graceMs: number } }) {
    const { cap, warnPercent } = config.prices;
    this.#prices = pricesOf(config.prices);
    this.#cap = cap === undefined ? null : { capMicros: parseMicros(cap), warnPercent };
    this.#usage = new UsageMeter(config.staging);
  }

  async measure(ledger: UsageLedger, plans: readonly TablePlan[], scan: LedgerScan): Promise<CostReport> {
    const usage = this.#prices === null ? null : await this.#usage.measure(ledger, plans, scan);
    const cost = costOf(usage, this.#prices);
    const budget = this.#cap === null ? null : budgetCheck(cost, this.#cap);
    return { cost, budget, capMicros: this.#cap?.capMicros ?? null };
  }
}

export const NO_COST: CostReport = { cost: costOf(null, null), budget: null, capMicros: null };

function pricesOf({ currency, redshift, s3, databricks }: ConfiguredPrices): Prices | null {
  if (currency === undefined) return null;
  return {
    currency,
    redshift: redshift === undefined ? null : { ...redshift, unitHour: parseMicros(redshift.unitHour) },
    s3:
      s3 === undefined
        ? null
        : {
            putThousand: parseMicros(s3.putThousand),
            getThousand: parseMicros(s3.getThousand),
            gibMonth: parseMicros(s3.gibMonth),
          },
    databricks:
      databricks === undefined
        ? null
        : { dbu: parseMicros(databricks.dbu), dbusPerHour: parseMicros(databricks.dbusPerHour) },
  };
}
