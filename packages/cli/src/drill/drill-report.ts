/** What a drill tells: a person in five lines, a script in JSON. */
import { count, counted } from '../print/units.ts';
import type { DrillResult } from './run-drill.ts';

export interface DrillSummary {
  drills: number;
  equal: number;
  lost: string;
  doubled: string;
  falselyVerified: number;
  foreignTouched: string;
  failures: { drill: string; seed: number }[];
  recoverySecondsP50: number;
  recoverySecondsP95: number;
}

/** Rows of a drill of many, as a results file keeps them too. */
export type DrillRow = Pick<
  DrillResult,
  'drill' | 'seed' | 'isEqual' | 'lost' | 'doubled' | 'falselyVerified' | 'foreignTouched' | 'recoverySeconds'
>;

export function summarize(results: readonly DrillRow[]): DrillSummary {
  // A drill that never recovered has no time; it stands among the failures.
  const recoveries = results.flatMap((result) => result.recoverySeconds ?? []).sort((a, b) => a - b);
  // The smallest value that the share of the drills does not exceed (nearest rank).
  const rank = (share: number): number => recoveries[Math.max(0, Math.ceil(share * recoveries.length) - 1)] ?? 0;
  const sum = (of: (result: DrillRow) => string): string =>
    results.reduce((total, result) => total + BigInt(of(result)), 0n).toString();
  return {
    drills: results.length,
    equal: results.filter((result) => result.isEqual).length,
    lost: sum((result) => result.lost),
    doubled: sum((result) => result.doubled),
    falselyVerified: results.reduce((total, result) => total + result.falselyVerified, 0),
    foreignTouched: sum((result) => result.foreignTouched),
    failures: results.filter((result) => !result.isEqual).map(({ drill, seed }) => ({ drill, seed })),
    recoverySecondsP50: rank(0.5),
    recoverySecondsP95: rank(0.95),
  };
}

/**
 * `failed` when something was done that must never be; `notProven` when a drill did not show what it is for: too little time,
 * stopped, a quarantined chunk, no work in flight.
 */
export function drillOutcome(results: readonly DrillResult[], planned: number): 'done' | 'failed' | 'notProven' {
  if (results.some(isBroken)) return 'failed';
  return results.length === planned && results.every((result) => result.isEqual) ? 'done' : 'notProven';
}

/** Rows too many of a chunk that is not proven yet may be ones that its next attempt replaces. */
function isBroken(result: DrillResult): boolean {
  const isDoubled = result.doubled !== '0' && result.unproven.length === 0;
  const isTouched = result.foreignTouched !== '0';
  return result.lost !== '0' || isDoubled || isTouched || result.falselyVerified > 0 || result.unloadsRepeated > 0;
}

export function drillText(result: DrillResult): string {
  const nothingLost = result.lost === '0' && result.doubled === '0' && result.falselyVerified === 0;
  const lost = nothingLost
    ? `nothing${result.unproven.length === 0 ? '' : ' of what is proven'}`
    : `${counted(BigInt(result.lost), 'row')} lost, ${count(BigInt(result.doubled))} doubled, ${counted(result.falselyVerified, 'chunk')} falsely verified`;
  const live =
    result.foreignTouched === '0' ? 'untouched' : `${count(BigInt(result.foreignTouched))} missing, changed or doubled`;
  return [
    `${result.isEqual ? 'equal' : 'NOT EQUAL'}  ${result.drill} --seed ${result.seed}`,
    ...result.injected.map((line, index) => `  ${index === 0 ? 'injected ' : '         '}  ${line}`),
    `  lost       ${lost}; ${result.verified} of ${counted(result.chunks, 'chunk')} verified; ${counted(result.liveWritten, 'live row')} ${live}`,
    `  unloads    ${count(result.unloadsSubmitted)} submitted, ${count(result.unloadsRepeated)} of them although there was a receipt`,
    `${recoveryText(result)}; ${result.durationSeconds.toFixed(1)} s in all, ${counted(result.restarts, 'process', 'processes')} started again`,
    ...result.unproven.map((chunk, index) => `  ${index === 0 ? 'unproven ' : '         '}  ${chunk}`),
    ...(result.failure === null
      ? []
      : [
          `  why        ${result.failure}`,
          `  next       ${nextText(result)}`,
          ...result.log.map((line) => `  | ${line}`),
        ]),
  ].join('\n');
}

function recoveryText({ recoverySeconds, hits }: DrillResult): string {
  const struck = `met work in flight ${counted(hits, 'time')}`;
  return recoverySeconds === null
    ? `  NOT recovered within the limit; ${struck}`
    : `  recovered  ${recoverySeconds.toFixed(1)} s after the last injection; ${struck}`;
}

/** The drill's ledger goes with its sandbox, so the way to look closer is the same seed with more time. */
function nextText({ drill, seed, unproven }: DrillResult): string {
  const again = `lakehaul drill ${drill} --seed ${seed}`;
  return unproven.length === 0
    ? `the fleet's newest log lines are below; again with: ${again}`
    : `look for the unproven chunks in the log lines below; again with more time: ${again} --limit 300`;
}

export function summaryText(summary: DrillSummary): string {
  const { drills, equal, failures } = summary;
  const again = failures.map(({ drill, seed }) => `lakehaul drill ${drill} --seed ${seed}`);
  return [
    `${equal} of ${counted(drills, 'drill')} equal: ${counted(summary.lost, 'row')} lost, ${summary.doubled} doubled, ${counted(summary.falselyVerified, 'chunk')} falsely verified, ${counted(summary.foreignTouched, 'live row')} touched; recovered in ${summary.recoverySecondsP50.toFixed(1)} s (half of them), ${summary.recoverySecondsP95.toFixed(1)} s (95 %)`,
    ...(again.length === 0 ? [] : ['again with:', ...again.map((line) => `  ${line}`)]),
  ].join('\n');
}
