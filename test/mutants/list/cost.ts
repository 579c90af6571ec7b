/** Bugs of the cost: the budget is passed, or the haul is stopped while there is money. */
import { type Mutant, mutant } from '../mutant.ts';

const COST = 'packages/operate/src/cost/cost.test.ts';
const CHECKS = 'services/planner/src/govern/budget-checks.test.ts';
const REQUESTS = 'packages/fleet/src/report-requests.test.ts';
const DIRECTORY = 'packages/operate/src/cost';

export const COSTS: readonly Mutant[] = [
  mutant('cost: tries that failed are free', {
    harm: 'a haul that fails and repeats spends its budget unseen',
    file: `${DIRECTORY}/usage.ts`,
    from: 'doneTries += attempt + failures;',
    to: 'doneTries += 1;',
    tests: [COST],
  }),
  mutant('cost: what is not proven yet is free', {
    harm: 'chunks that fail again and again cost for days before a cent is told',
    file: `${DIRECTORY}/usage.ts`,
    from: 'if (tries === 0) return;',
    to: 'if (tries >= 0) return;',
    tests: [COST],
  }),
  mutant('cost: LISTs are free', {
    harm: 'the largest part of the requests is left out of the budget',
    file: `${DIRECTORY}/usage.ts`,
    from: 'larger(requests.puts + requests.lists, sum.receipts)',
    to: 'larger(requests.puts, sum.receipts)',
    tests: [COST],
  }),
  mutant('cost: a LIST is counted as a GET', {
    harm: 'it costs twelve times that',
    file: 'packages/fleet/src/s3-requests.ts',
    from: "else if (point === 's3.ListObjectsV2') this.#lists += 1n;",
    to: '',
    tests: [REQUESTS],
  }),
  mutant('cost: requests of a process count again with each of its records', {
    harm: 'the longer it runs the more it is said to have cost, and the haul is stopped for nothing',
    file: 'packages/ledger/src/request-log.ts',
    from: "last.set(path.split('/')[1] ?? '', path);",
    to: 'last.set(path, path);',
    tests: [REQUESTS],
  }),
  mutant('cost: what a process did last is not recorded', {
    harm: 'short runs cost nothing, however many there are',
    file: 'packages/fleet/src/request-recorder.ts',
    from: 'if (sum(this.#counts()) > this.#recorded) await this.#write();',
    to: '',
    tests: [REQUESTS],
  }),
  mutant('cost: probes are free', {
    harm: 'hours of scans of production are not in the bill',
    file: `${DIRECTORY}/usage.ts`,
    from: 'const source: Run[] = [upkeep.probes];',
    to: 'const source: Run[] = [];',
    tests: [COST],
  }),
  mutant('cost: statements side by side are billed each', {
    harm: 'eight UNLOADs at once are told as eight times their price',
    file: `${DIRECTORY}/busy-time.ts`,
    from: 'if (running > 0) busy++;',
    to: 'busy += running;',
    tests: [COST],
  }),
  mutant('cost: requests are priced each as a thousand', {
    harm: 'the cost of S3 is told a thousand times too high',
    file: `${DIRECTORY}/cost.ts`,
    from: 'priceOf(prices.putThousand, putRequests, 1_000n)',
    to: 'priceOf(prices.putThousand, putRequests, 1n)',
    tests: [COST],
  }),
  mutant('cost: an hour of the source is a second', {
    harm: 'the source seems to cost thousands of times what it does',
    file: `${DIRECTORY}/cost.ts`,
    from: 'BigInt(prices.sharePercent), HOUR_MS * 100n)',
    to: 'BigInt(prices.sharePercent), 100_000n)',
    tests: [COST],
  }),
  mutant('cost: a part without prices is free', {
    harm: 'a sum that leaves the source out is told as the whole',
    file: `${DIRECTORY}/cost.ts`,
    from: '    if (cost === null) return null;\n    sum += cost;',
    to: '    sum += cost ?? 0n;',
    tests: [COST],
  }),
  mutant('cost: the cap is compared from the wrong side', {
    harm: 'everything runs until the money is gone and stops at the start instead',
    file: `${DIRECTORY}/budget.ts`,
    from: 'const isOver = spent >= capMicros;',
    to: 'const isOver = spent < capMicros;',
    tests: [COST, CHECKS],
  }),
  mutant('cost: the budget warns at the cap only', {
    harm: 'there is no slowing down before the stop',
    file: `${DIRECTORY}/budget.ts`,
    from: 'spent * 100n >= capMicros * BigInt(warnPercent)',
    to: 'spent >= capMicros',
    tests: [COST],
  }),
  mutant('cost: a ledger that cannot be read frees the budget', {
    harm: 'UNLOADs start again beyond the cap whenever S3 hiccups',
    file: 'services/planner/src/govern/budget-checks.ts',
    from: 'last ??= unreadBudget(asLakehaulError(thrown).message);',
    to: 'last = unreadBudget(asLakehaulError(thrown).message);',
    tests: [CHECKS],
  }),
  mutant('cost: amounts are parsed by a thousandth', {
    harm: 'a cap of 100 stops at 0.10',
    file: `${DIRECTORY}/money.ts`,
    from: "BigInt(parts.padEnd(6, '0'))",
    to: "BigInt(parts.padEnd(3, '0'))",
    tests: [COST],
  }),
  mutant('cost: what is left costs nothing', {
    harm: 'the cost at completion is the cost so far: the budget is asked for too late',
    file: `${DIRECTORY}/cost.ts`,
    from: 'priceOf(cost, usage.plannedBytes, usage.provenBytes)',
    to: 'priceOf(cost, usage.provenBytes, usage.provenBytes)',
    tests: [COST],
  }),
  mutant('throttle: slow-downs of the planner alone', {
    harm: 'S3 slows down every worker, and nobody takes anything off',
    file: 'packages/fleet/src/slow-downs.ts',
    from: 'if (other === process) continue;',
    to: 'if (other !== null) continue;',
    tests: ['packages/fleet/src/slow-downs.test.ts'],
  }),
  mutant('throttle: no slots without a reason', {
    harm: 'nothing starts, nobody knows why, and it begins anew at one slot',
    file: 'packages/throttle/src/decide.ts',
    from: "  const halted = stopped({ ...state, slots: before.slots, stoppedBy: before.stoppedBy }, 'planned', why);\n  return { ...halted, slots: 0, change: isFirst ? 'start' : halted.change };",
    to: "  return { state: { ...state, slots: 0 }, slots: 0, reason: why, change: isFirst ? 'start' : 'fall' };",
    tests: ['packages/throttle/src/decide.test.ts'],
  }),
  mutant('throttle: the last value of a check that is gone', {
    harm: 'a graph shows calm where nobody can look any more',
    file: 'services/planner/src/govern/governor.ts',
    from: "if (value === null) metrics.remove('lakehaul_throttle_check_value', { check });\n      else",
    to: 'if (value !== null)',
    tests: ['services/planner/src/govern/governor.test.ts'],
  }),
];
