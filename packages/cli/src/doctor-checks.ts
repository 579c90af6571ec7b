/** What `doctor` asks, one check a thing that can be missing. `support-bundle` asks the same. */
import { asLakehaulError, LakehaulError } from '@lakehaul/core';
import type { Session } from '@lakehaul/fleet';

export interface DoctorCheck {
  name: string;
  check: () => Promise<string>;
}

export interface CheckResult {
  name: string;
  /** What was found; empty when it failed. */
  detail: string;
  error: LakehaulError | null;
}

export function doctorChecks(session: Session): DoctorCheck[] {
  const { clouds, ledger } = session;
  return [
    { name: 'source', check: async () => describe(await clouds.source.check()) },
    { name: 'stage', check: async () => describe(await clouds.stage.check()) },
    { name: 'ledger', check: () => probeLedger(ledger) },
    { name: 'target', check: async () => describe(await clouds.target.check()) },
  ];
}

/** One after another, so that a person sees which one takes its time. */
export async function* runChecks(checks: readonly DoctorCheck[]): AsyncGenerator<CheckResult, void, void> {
  for (const { name, check } of checks)
    yield await check().then(
      (detail) => ({ name, detail, error: null }),
      (thrown: unknown) => ({ name, detail: '', error: asLakehaulError(thrown) }),
    );
}

function describe(facts: Record<string, string>): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** Create-once must really be create-once: every proof rests on it. */
async function probeLedger(ledger: Session['ledger']): Promise<string> {
  const { isCreateOnce, where } = await ledger.probeCreateOnce();
  if (!isCreateOnce)
    throw new LakehaulError(
      'LEDGER_CONFLICT',
      `${where} lets a second writer overwrite an object: conditional writes are not honoured`,
      { where, next: 'use a store that honours If-None-Match (S3 does); every proof rests on it' },
    );
  return `${where}, conditional writes honoured`;
}
