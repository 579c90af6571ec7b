/** What `doctor` asks, one check a thing that can be missing. `support-bundle` asks the same. */
import { judgeLedgerBucket } from '@lakehaul/adapters';
import { asLakehaulError, LakehaulError } from '@lakehaul/core';
import type { Session } from '@lakehaul/fleet';

export interface DoctorCheck {
  name: string;
  check: () => Promise<string | CheckAnswer>;
}

/** What works, and could be safer. */
export interface CheckAnswer {
  detail: string;
  warnings: { what: string; next: string }[];
}

export interface CheckResult {
  name: string;
  /** What was found; empty when it failed. */
  detail: string;
  error: LakehaulError | null;
  /** It works, but something that should keep it safe is off, or may not be asked for. */
  warnings: CheckAnswer['warnings'];
}

export function doctorChecks(session: Session): DoctorCheck[] {
  const { clouds, ledger } = session;
  return [
    { name: 'source', check: async () => describe(await clouds.source.check()) },
    { name: 'write log', check: () => checkHistory(clouds.source) },
    { name: 'stage', check: async () => describe(await clouds.stage.check()) },
    { name: 'ledger', check: () => probeLedger(ledger) },
    { name: 'ledger bucket', check: () => adviseLedgerBucket(session) },
    { name: 'target', check: async () => describe(await clouds.target.check()) },
  ];
}

/** One after another, so that a person sees which one takes its time. */
export async function* runChecks(checks: readonly DoctorCheck[]): AsyncGenerator<CheckResult, void, void> {
  for (const { name, check } of checks)
    yield await check().then(
      (answer) => ({ name, error: null, ...(typeof answer === 'string' ? { detail: answer, warnings: [] } : answer) }),
      (thrown: unknown) => ({ name, detail: '', error: asLakehaulError(thrown), warnings: [] }),
    );
}

/** Whether the source's history shows everybody's statements: without it nobody could say what was written meanwhile. */
async function checkHistory(source: Session['clouds']['source']): Promise<string> {
  const { now, seesAllStatements } = await source.clock();
  if (!seesAllStatements)
    throw new LakehaulError('WRITE_LOG_BLIND', 'the source shows us our own statements only, nobody else’s');
  return `everybody’s statements are visible, source clock ${now}`;
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

/** What keeps receipts from being changed or removed (I5) besides our own manners. */
async function adviseLedgerBucket({ clouds, ledger }: Session): Promise<CheckAnswer> {
  const advice = judgeLedgerBucket(await clouds.ledgerStore.settings(), ledger.keys.root);
  const fine = advice.filter((each) => each.isFine === true);
  return {
    detail:
      fine.length === 0 ? 'nothing keeps receipts safe' : fine.map((each) => `${each.name} ${each.what}`).join(', '),
    warnings: advice
      .filter((each) => each.isFine !== true)
      .map((each) => ({ what: `${each.name}: ${each.what}`, next: each.next })),
  };
}
