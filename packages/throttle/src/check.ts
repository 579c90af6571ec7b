/** What one look at one sign of pain says. The first that is not ok is the reason that people see. */
export type Verdict = 'ok' | 'warn' | 'stop';
export type CheckUnit = 'ms' | 'count' | 'percent' | 'flag';

export interface Check {
  name: string;
  /** Null: it could not be read, and `reason` says why. Such a check never holds anything back in silence. */
  value: number | null;
  /** From here on it is a hit; null where there is nothing to compare. */
  limit: number | null;
  unit: CheckUnit;
  /** warn: we halve. stop: no UNLOAD starts. */
  verdict: Verdict;
  /** Below the lower line, too: slots may be added. A check between the two lines is ok and adds nothing. */
  mayClimb: boolean;
  /** A reading may be a blip, so a stop wants two in a row; what people and the calendar say counts at once. */
  isMeasured: boolean;
  /** Slots that the check allows at most whatever its verdict; null: it does not say. */
  maxSlots: number | null;
  reason: string;
}

interface Lines {
  name: string;
  unit: CheckUnit;
  limit: number;
  /** None: it never stops us. */
  stop?: number;
  climbBelowPercent: number;
}

/** A reading held against its three lines. `say` gets the value as text with its unit. */
export function measured(lines: Lines, value: number, say: (value: string, limit: string) => string): Check {
  const { name, unit, limit, stop = Number.POSITIVE_INFINITY, climbBelowPercent } = lines;
  const verdict = value >= stop ? 'stop' : value >= limit ? 'warn' : 'ok';
  return {
    ...{ name, value, limit, unit, verdict },
    mayClimb: value * 100 < limit * climbBelowPercent,
    isMeasured: true,
    maxSlots: null,
    reason: say(inUnit(value, unit), inUnit(verdict === 'stop' ? stop : limit, unit)),
  };
}

/** What cannot be read is told and holds nothing. */
export function unreadable(name: string, unit: CheckUnit, reason: string): Check {
  return {
    ...{ name, value: null, limit: null, unit, verdict: 'ok', mayClimb: true, isMeasured: true, maxSlots: null },
    reason: `not readable here: ${reason}`,
  };
}

/** On or off: a stop at once. */
export function flagged(name: string, isOn: boolean, reason: string): Check {
  return {
    ...{ name, value: isOn ? 1 : 0, limit: 1, unit: 'flag', verdict: isOn ? 'stop' : 'ok', mayClimb: !isOn },
    ...{ isMeasured: false, maxSlots: null, reason },
  };
}

export function inUnit(value: number, unit: CheckUnit): string {
  const rounded = Math.round(value);
  if (unit === 'percent') return `${rounded} %`;
  if (unit !== 'ms') return String(rounded);
  return rounded < 10_000 ? `${rounded} ms` : `${Math.round(rounded / 1_000)} s`;
}
