/** A chunk's receipts as events in S3's order. */
import { chunkName, type KeyPart, type Stage } from '@lakehaul/core';
import type { StoredReceipt } from '@lakehaul/ledger';
import type { ChunkStory } from '@lakehaul/operate';
import { counted, duration, size } from './units.ts';

export function trailText({ ref, definition: chunk, state, trail, traces }: ChunkStory): string {
  const trace = traces.at(-1);
  const head = [
    `${chunkName(ref)}: ${state.stage}${state.isRepaired ? ' after a repair' : ''}`,
    `  rows where ${chunk.parts.length === 0 ? 'anything' : chunk.parts.map(partText).join(' and ')}`,
    `  planned for about ${counted(chunk.estimatedRows, 'row')}, ${size(chunk.estimatedBytes)}`,
    ...(trace === undefined ? [] : [`  trace of attempt ${trace.attempt}: ${trace.traceId}`]),
  ];
  let last = trail[0]?.lastModifiedMs ?? 0;
  // S3 tells whole seconds; within one the writers' clocks put the story in order, for reading only.
  const told = [...trail].sort((a, b) => a.lastModifiedMs - b.lastModifiedMs || a.at.localeCompare(b.at));
  const events = told.map((receipt) => {
    const after = receipt.lastModifiedMs - last;
    last = receipt.lastModifiedMs;
    return (
      `  ${new Date(receipt.lastModifiedMs).toISOString().replace('.000Z', 'Z')}  ${after > 0 ? `+${duration(after)}` : ''}`.padEnd(
        34,
      ) + `attempt ${receipt.attempt}  ${story(receipt)}  (${receipt.by.service} ${receipt.by.instance})`
    );
  });
  return [...head, ...events].join('\n');
}

export function partText(part: KeyPart): string {
  switch (part.kind) {
    case 'null':
      return `${part.column} is NULL`;
    case 'hash':
      return `row hash modulo ${part.modulus} is ${part.bucket}`;
    case 'range':
      return [part.from === null ? '' : `${part.from} ≤ `, part.column, part.to === null ? '' : ` < ${part.to}`].join(
        '',
      );
  }
}

/** One receipt of a known stage: the stage tells the body's shape. */
type AnyReceipt = { [S in Stage]: StoredReceipt<S> }[Stage];

function story(stored: StoredReceipt): string {
  const receipt = stored as AnyReceipt;
  const { stage } = receipt;
  switch (stage) {
    case 'opened':
      return `opened: ${receipt.body.reason}, level ${receipt.body.level}`;
    case 'submit':
      return `${receipt.body.step} submitted as ${receipt.body.statementName}`;
    case 'unloaded':
      return `unloaded ${counted(receipt.body.rowCount, 'row')} into ${counted(receipt.body.files.length, 'file')}, ${size(receipt.body.sizeBytes)}, statement ${receipt.body.statementId}`;
    case 'loaded':
      return `loaded ${counted(receipt.body.rowCount, 'row')} by ${receipt.body.operation} (told by ${receipt.body.rowCountFrom}), target version ${receipt.body.targetVersion}`;
    case 'verified':
    case 'counted':
    case 'reproved':
      return `${stage}: ${counted(receipt.body.rowCounts.target, 'row')} equal at target version ${receipt.body.targetVersion}, level ${receipt.body.level}`;
    case 'mismatched':
      return `mismatched: ${receipt.body.differences.join('; ')}${
        receipt.body.diagnosis ? `; likely ${receipt.body.diagnosis.detail}` : ''
      }`;
    case 'void':
      return `over: ${receipt.body.code} ${receipt.body.message}`;
    case 'failed':
      return `${receipt.body.step} failed: ${receipt.body.code} ${receipt.body.message}`;
    case 'quarantined':
      return `quarantined: ${receipt.body.code} ${receipt.body.message} · next: ${receipt.body.next}`;
    case 'accepted':
      return `accepted as it is by ${receipt.body.who}: ${receipt.body.reason}`;
    case 'cleaned':
      return `stage cleaned: ${counted(receipt.body.files, 'file')}, ${size(receipt.body.sizeBytes)}`;
  }
}
