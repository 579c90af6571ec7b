import type { Verb } from '../verb.ts';
import { accept } from './accept.ts';
import { acknowledge } from './acknowledge.ts';
import { audit } from './audit.ts';
import { cancel } from './cancel.ts';
import { chunk } from './chunk.ts';
import { chunks } from './chunks.ts';
import { config } from './config.ts';
import { demo } from './demo.ts';
import { diff } from './diff.ts';
import { doctor } from './doctor.ts';
import { drill } from './drill.ts';
import { keys } from './keys.ts';
import { ledger } from './ledger.ts';
import { ledgerSeal } from './ledger-seal.ts';
import { notify } from './notify.ts';
import { plan } from './plan.ts';
import { replay } from './replay.ts';
import { report } from './report.ts';
import { run } from './run.ts';
import { sandbox } from './sandbox.ts';
import { seal } from './seal.ts';
import { signal } from './signal.ts';
import { status } from './status.ts';
import { limit, pause, priority, resume, settings } from './steer.ts';
import { supportBundle } from './support-bundle.ts';
import { tables } from './tables.ts';
import { test } from './test.ts';
import { throttle } from './throttle.ts';
import { top } from './top.ts';
import { verify } from './verify.ts';
import { watch } from './watch.ts';

/** In the order in which a newcomer meets them. */
export const VERBS: readonly Verb[] = [
  demo,
  sandbox,
  config,
  doctor,
  plan,
  run,
  status,
  top,
  watch,
  verify,
  seal,
  diff,
  chunk,
  keys,
  ledgerSeal,
  ledger,
  audit,
  drill,
  report,
  chunks,
  replay,
  accept,
  acknowledge,
  tables,
  pause,
  resume,
  limit,
  priority,
  throttle,
  cancel,
  settings,
  signal,
  notify,
  supportBundle,
  test,
];
