import type { Mutant } from '../mutant.ts';
import { AUDIT } from './audit.ts';
import { CONTROL } from './control.ts';
import { COSTS } from './cost.ts';
import { FORECASTS } from './forecast.ts';
import { JUDGES } from './judges.ts';
import { LEDGER } from './ledger.ts';
import { NOTICES } from './notices.ts';
import { PROOF } from './proof.ts';
import { STEERING } from './steering.ts';
import { STEPS } from './steps.ts';
import { STOP_BUGS } from './stops.ts';
import { TELEMETRY } from './telemetry.ts';
import { THROTTLE } from './throttle.ts';
import { WATCH } from './watch.ts';

export const MUTANTS: readonly Mutant[] = [
  ...LEDGER,
  ...PROOF,
  ...STEPS,
  ...AUDIT,
  ...JUDGES,
  ...WATCH,
  ...STEERING,
  ...THROTTLE,
  ...FORECASTS,
  ...COSTS,
  ...TELEMETRY,
  ...CONTROL,
  ...STOP_BUGS,
  ...NOTICES,
];
