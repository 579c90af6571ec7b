import {
  type AuditResult,
  auditLedger,
  copySource,
  FINDINGS,
  type LedgerSource,
  NOTES,
  type NoteCode,
  readAnchors,
  readPublicKeys,
  storeSource,
} from '@lakehaul/audit';
import type { MigrationConfig } from '@lakehaul/runtime';
import { AUDIT_JSON } from '../json/audit.ts';
import { printJson } from '../json/common.ts';
import { anchoredText } from '../print/anchored.ts';
import { plainText } from '../print/safe-text.ts';
import { styled, type Terminal } from '../print/terminal.ts';
import { count, counted } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb, type VerbCall } from '../verb.ts';
import { ledgerSealJson } from './ledger-seal.ts';

const SHOWN = 50;

export const audit: Verb = {
  name: 'audit',
  operands: '',
  summary: 'check the whole ledger again from itself: seals, causes, plans, every proof',
  example: 'lakehaul audit --offline DIR --public-key key.pub --anchors a.jsonl',
  details: [
    'Nothing is asked of source or target. With --offline neither configuration, credentials nor network are needed.',
    'Exit code 4 when anything is found. Each finding: code, key, what, next. Without public keys or without anchors a ledger is never called clean.',
  ],
  flags: [
    ...COMMON_FLAGS,
    { name: 'offline', value: 'DIR', doc: 'a copy made by lakehaul ledger export, instead of the bucket' },
    { name: 'public-key', value: 'FILE', doc: 'public keys of the sealers (default audit.publicKeyFile)' },
    { name: 'anchors', value: 'FILE', doc: 'anchors kept outside the bucket (default audit.anchorFile)' },
  ],
  json: [{ command: 'audit', says: 'Every finding, and what was looked at.', shape: AUDIT_JSON }],
  async run(call) {
    const startedMs = performance.now();
    const result = await withSource(call, (source, config) => auditWith(call, source, config));
    const durationSeconds = (performance.now() - startedMs) / 1000;
    if (call.flags['json'] === true) printJson(call.terminal, AUDIT_JSON, auditJson(result, durationSeconds));
    else printAudit(call.terminal, result, durationSeconds);
    return result.isClean ? EXIT.done : EXIT.notProven;
  },
};

/** The bucket of the configuration, or a copy on disk without it. */
export async function withSource<T>(
  call: VerbCall,
  use: (source: LedgerSource, config: MigrationConfig | null) => Promise<T>,
): Promise<T> {
  const { offline } = call.flags;
  if (typeof offline === 'string') return await use(await copySource(offline), null);
  await using session = await openSession(call);
  const { clouds, ledger, config } = session;
  return await use(await storeSource(clouds.ledgerStore, ledger.keys, config.migration), config);
}

export async function trustOf(call: VerbCall, migration: string, config: MigrationConfig | null) {
  const { 'public-key': keyFlag, anchors: anchorFlag } = call.flags;
  const keyFile = typeof keyFlag === 'string' ? keyFlag : config?.audit.publicKeyFile;
  const anchorFile = typeof anchorFlag === 'string' ? anchorFlag : config?.audit.anchorFile;
  return {
    publicKeys: keyFile === undefined ? new Map() : await readPublicKeys(keyFile),
    anchors: anchorFile === undefined ? null : await readAnchors(anchorFile, migration),
  };
}

async function auditWith(call: VerbCall, source: LedgerSource, config: MigrationConfig | null): Promise<AuditResult> {
  const trust = await trustOf(call, source.migration, config);
  return await auditLedger(source, {
    ...trust,
    onProgress: (shards) => call.terminal.status(`${count(shards)} of 256 shards of receipts checked`),
  });
}

function auditJson(result: AuditResult, durationSeconds: number) {
  const { plans: _plans, seals, tables, ...rest } = result;
  return {
    ...rest,
    seals: seals.map(ledgerSealJson),
    tables: tables.map(({ tableId, table, chunks, done, stages }) => ({ tableId, table, chunks, done, stages })),
    durationSeconds,
  };
}

function printAudit(terminal: Terminal, result: AuditResult, durationSeconds: number): void {
  const last = result.seals.at(-1);
  terminal.out(
    `${result.migration}: ${counted(result.objects, 'object')}, ${count(result.sealedObjects)} sealed by ${counted(result.seals.length, 'ledger seal')}${last === undefined ? '' : `, the last of ${last.observedAt}`}`,
  );
  for (const each of result.tables)
    terminal.out(`  ${plainText(each.table)}: ${count(each.done)} of ${counted(each.chunks, 'chunk')} proven`);
  for (const each of result.anchors.rebuilt)
    terminal.out(
      `  anchors of ${counted(each.seals, 'seal')} made from the bucket by ${plainText(each.who)} on ${each.at}: ${plainText(each.reason)}`,
    );
  if (last !== undefined && result.anchors.continuousFrom !== 1)
    terminal.out(`  anchors are continuous ${anchoredText(result.anchors.continuousFrom)}`);
  for (const code of Object.keys(result.notes) as NoteCode[])
    terminal.out(`  note: ${count(result.notes[code] ?? 0)} ${NOTES[code]}`);
  for (const finding of result.findings.slice(0, SHOWN)) {
    terminal.out(`${styled(terminal, 'red', finding.code)}  ${FINDINGS[finding.code]}`);
    terminal.out(`  ${plainText(finding.key)}: ${plainText(finding.what)}\n  next: ${finding.next}`);
  }
  const more = result.findingCount - SHOWN;
  if (more > 0) terminal.out(`and ${counted(more, 'more finding')}: lakehaul audit --json`);
  const verdict = result.isClean
    ? styled(terminal, 'green', 'clean')
    : styled(terminal, 'red', `not clean: ${counted(result.findingCount, 'finding')}`);
  terminal.out(`${verdict}, in ${durationSeconds.toFixed(1)} s`);
}
