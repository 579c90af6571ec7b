/** What makes a drill a failure, in words. */
import { counted } from '../print/units.ts';
import type { Verdict } from './judge.ts';
import type { End } from './until-proven.ts';

/** null when all is well. */
export function failureOf(all: {
  verdict: Verdict;
  end: End;
  hits: number;
  planned: number;
  verified: number;
  quarantined: readonly string[];
  repeated: number;
}): string | null {
  const { verdict, end, planned, verified, quarantined } = all;
  const wrong: string[] = [];
  if (verdict.hauled.missing > 0n)
    wrong.push(`${counted(verdict.hauled.missing, 'row')} ${verified === planned ? 'lost' : 'outstanding'}`);
  if (verdict.hauled.extra > 0n) wrong.push(`${counted(verdict.hauled.extra, 'row')} doubled or foreign`);
  if (verdict.live.missing + verdict.live.extra > 0n)
    wrong.push(`live rows touched: ${verdict.live.missing} missing, ${verdict.live.extra} extra`);
  if (verdict.falselyVerified.length > 0)
    wrong.push(`chunks called verified that are not equal: ${verdict.falselyVerified.join(', ')}`);
  if (all.repeated > 0) wrong.push(`${counted(all.repeated, 'UNLOAD')} submitted that had a receipt`);
  if (all.hits === 0) wrong.push('nothing that was injected met work in flight: the drill shows nothing');
  if (verified < planned || planned === 0)
    wrong.push(`${verified} of ${counted(planned, 'chunk')} proven within the limit`);
  else if (!end.isSealed) wrong.push('not sealed within the limit');
  if (quarantined.length > 0) wrong.push(`quarantined: ${quarantined.join('; ')}`);
  return wrong.length === 0 ? null : wrong.join('; ');
}
