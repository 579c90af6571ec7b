/**
 * One proof, judged again from its numbers and from the receipts that it rests on. On purpose not the verifier's own
 * comparison (services/verifier/compare-proofs.ts): what both of them call equal was compared twice.
 */
import type { CarriedFingerprint, Fingerprint, ProofBody, ReceiptBodies } from '@lakehaul/core';
import type { Findings } from './findings.ts';
import type { AuditedReceipt } from './receipts.ts';

export interface ProofBasis {
  opened: AuditedReceipt<'opened'> | undefined;
  unloaded: AuditedReceipt<'unloaded'> | undefined;
  loaded: AuditedReceipt<'loaded'> | undefined;
}

export function checkProof(findings: Findings, receipt: AuditedReceipt & { body: ProofBody }, basis: ProofBasis): void {
  const { key, body, stage } = receipt;
  const { opened, unloaded, loaded } = basis;
  const counts = (what: string) => findings.add('COUNTS', key, what);
  const { transaction, manifest, load, target } = body.rowCounts;
  if (!/^\d+$/.test(transaction) || manifest !== transaction || load !== transaction || target !== transaction)
    counts(`transaction ${transaction}, manifest ${manifest}, load ${load}, target ${target}`);
  if (unloaded !== undefined && unloaded.body.rowCount !== transaction)
    counts(`transaction ${transaction}, the unloaded receipt says ${unloaded.body.rowCount}`);
  if (unloaded !== undefined && unloaded.body.manifestRowCount !== manifest)
    counts(`manifest ${manifest}, the unloaded receipt says ${unloaded.body.manifestRowCount}`);
  if (loaded !== undefined && loaded.body.rowCount !== load)
    counts(`load ${load}, the loaded receipt says ${loaded.body.rowCount}`);
  if (opened !== undefined && (opened.body.level !== body.level || opened.body.hashForm !== body.hashForm))
    findings.add('JOURNEY', key, `proven at level ${body.level}, opened for ${opened.body.level}`);
  if ((stage === 'counted') !== (body.level === 'count') && stage !== 'reproved')
    findings.add('JOURNEY', key, `called ${stage} at level ${body.level}`);
  if (body.level !== 'count') for (const what of sumDifferences(body, unloaded?.body)) findings.add('SUMS', key, what);
}

function sumDifferences(body: ProofBody, unloaded: ReceiptBodies['unloaded'] | undefined): string[] {
  const { carried, source, target, level } = body;
  if (carried === null || target === null) return ['the sums that its level promises are not there'];
  const found: string[] = [];
  if (target.rowCount !== body.rowCounts.target)
    found.push(`the target hashed ${target.rowCount} rows and counted ${body.rowCounts.target}`);
  if (level === 'full' && source === null) found.push('level full without the sums of a second scan');
  if (unloaded !== undefined && JSON.stringify(source) !== JSON.stringify(unloaded.sourceFingerprint))
    found.push('the sums of the source are not those of the unloaded receipt');
  if (isNothing(target)) {
    if (!isNothing(carried)) found.push('no rows in the target, and some that travelled');
    if (source !== null && !isNothing(source)) found.push('no rows in the target, and some at the source');
    return found;
  }
  if (carried.parsed === undefined)
    found.push(
      ...unequal('what travelled', carried, target),
      ...(source === null ? [] : unequal('the source', source, target)),
    );
  else found.push(...parsedDifferences(carried, carried.parsed, source, target));
  // Every group must be vouched for by at least one of them, and the first by what travelled.
  const covered = Math.max(carried.groups.length, source?.groups.length ?? 0);
  if (carried.groups.length === 0 || covered < target.groups.length)
    found.push(`only ${covered} of ${target.groups.length} hash groups are compared with anything`);
  return found;
}

/**
 * With VARIANT columns the target has sums of parsed values, the source and the travelled hashes those of the JSON text: two
 * pairs to compare, over the same groups. Groups beyond them hold no VARIANT, and are the source's and the target's.
 */
function parsedDifferences(
  carried: CarriedFingerprint,
  parsed: Fingerprint['groups'],
  source: Fingerprint | null,
  target: Fingerprint,
): string[] {
  const found = unequal('what was parsed', { rowCount: carried.rowCount, groups: parsed }, target);
  if (parsed.length !== carried.groups.length)
    found.push(`${carried.groups.length} hash groups travelled, and ${parsed.length} were parsed`);
  if (source === null) return found;
  const text = { rowCount: carried.rowCount, groups: [...carried.groups, ...target.groups.slice(parsed.length)] };
  return [...found, ...unequal('the source', source, text)];
}

function unequal(name: string, other: Fingerprint, target: Fingerprint): string[] {
  if (other.rowCount !== target.rowCount) return [`${name}: ${other.rowCount} rows, target ${target.rowCount}`];
  if (other.groups.length > target.groups.length) return [`${name}: more hash groups than the target has`];
  return other.groups.flatMap((group, index) => {
    const own = target.groups[index];
    return own !== undefined && group.sum1 === own.sum1 && group.sum2 === own.sum2
      ? []
      : [`hash group ${index + 1}: ${name} ${group.sum1}/${group.sum2}, target ${own?.sum1}/${own?.sum2}`];
  });
}

function isNothing({ rowCount, groups, parsed = [] }: CarriedFingerprint): boolean {
  return rowCount === '0' && [...groups, ...parsed].every((group) => group.sum1 === '0' && group.sum2 === '0');
}
