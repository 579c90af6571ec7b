/** The evidence part of the cutover decision. Pure: signals in, verdict with reasons out. */
import type { Finding, Gate, GateSource, GateUnit } from './gate.ts';
import { GATES, type GateCode } from './gate-list.ts';
import type { Signals } from './signals.ts';

export const VERDICTS = ['GO', 'HOLD', 'NO_GO'] as const;
export type Verdict = (typeof VERDICTS)[number];

export type ReasonCode = 'NOTHING_PLANNED' | GateCode;
/** In the order in which they are told. */
export const REASON_CODES: readonly ReasonCode[] = ['NOTHING_PLANNED', ...GATES.map(({ code }) => code)];

export interface Reason {
  code: ReasonCode;
  reason: string;
  next: string;
}

export interface Decision {
  evidence: 'PASS' | 'FAIL';
  verdict: Verdict;
  reasons: Reason[];
}

/** One gate, as it stands now. */
export interface GateState {
  code: GateCode;
  question: string;
  isEvidence: boolean;
  /** NOT_ASKED: there is nothing yet that could be judged; `notAsked` says why. */
  verdict: 'PASS' | 'HOLD' | 'NO_GO' | 'NOT_ASKED';
  notAsked: string | null;
  unit: GateUnit;
  /** Null where nothing was measured. */
  value: number | null;
  limit: number | null;
  of: number | null;
  source: GateSource;
  findings: Finding[];
  /** What stands against a switch, and what to do; null where it passes. */
  reason: Reason | null;
  breaks: string;
}

/** NO_GO when the data is known to be wrong, HOLD when something is not known yet, GO when nothing stands against it. */
export function decide(signals: Signals): Decision {
  const isPlanned = signals.tables.length > 0;
  const failed = gateStates(signals).filter(({ reason }) => reason !== null);
  const isWrong = failed.some(({ verdict }) => verdict === 'NO_GO');
  return {
    evidence: isPlanned && failed.every(({ isEvidence }) => !isEvidence) ? 'PASS' : 'FAIL',
    verdict: isWrong ? 'NO_GO' : failed.length > 0 || !isPlanned ? 'HOLD' : 'GO',
    reasons: [...(isPlanned ? [] : [NOTHING_PLANNED]), ...failed.flatMap(({ reason }) => reason ?? [])],
  };
}

const NOTHING_PLANNED: Reason = { code: 'NOTHING_PLANNED', reason: 'no table is planned', next: 'lakehaul plan' };

/** Every gate, in the order in which reasons are told. */
export function gateStates(signals: Signals): GateState[] {
  return GATES.map((gate: Gate<GateCode>) => {
    const { code, question, isEvidence, unit, source, breaks } = gate;
    const findings = gate.findings(signals);
    const isPassed = findings.length === 0;
    const notAsked = isPassed ? gate.notAsked(signals) : null;
    return {
      ...{ code, question, isEvidence, unit, source, breaks, findings, notAsked },
      verdict: isPassed ? (notAsked === null ? 'PASS' : 'NOT_ASKED') : gate.failing,
      value: gate.value(signals),
      limit: gate.limit(signals),
      of: gate.of(signals),
      reason: isPassed
        ? null
        : { code, reason: listed(findings.map(({ detail }) => detail)), next: gate.next(findings) },
    };
  });
}

const LISTED = 5;

function listed(items: readonly string[]): string {
  const shown = items.slice(0, LISTED).join('; ');
  return items.length > LISTED ? `${shown}; and ${items.length - LISTED} more` : shown;
}
