/** A chunk's receipts told as events, and the counts that must agree put side by side. Pure. */
import { count, duration } from './format.ts';
import type { ChunkStory, Receipt } from './shapes.ts';

export interface TrailEvent {
  key: string;
  /** As the legend calls it, or a word that is no stage: submitted, reopened, failed, cleaned. */
  stage: string;
  attempt: number;
  at: string;
  who: string;
  /** Since the event before it. */
  afterMs: number | null;
  what: string;
  why: string;
  ids: { label: string; text: string }[];
  isTrouble: boolean;
}

type Body = Receipt['body'];

const said = (body: Body, name: string) => (typeof body[name] === 'string' ? body[name] : '');
const number = (body: Body, name: string) => (typeof body[name] === 'number' ? body[name] : null);
const list = (body: Body, name: string) =>
  Array.isArray(body[name]) ? body[name].filter((each): each is string => typeof each === 'string') : [];
const rows = (body: Body) => `${count(said(body, 'rowCount') || '0')} rows`;
const took = (body: Body) => {
  const ms = number(body, 'durationMs');
  return ms === null ? '' : ` in ${duration(ms)}`;
};

const TROUBLE = new Set(['mismatched', 'quarantined', 'failed', 'void']);

export function trailOf({ trail }: Pick<ChunkStory, 'trail'>): TrailEvent[] {
  return trail.map((receipt, place) => {
    const before = trail[place - 1];
    return {
      key: receipt.key,
      stage: stageWord(receipt),
      attempt: receipt.attempt,
      at: new Date(receipt.lastModifiedMs).toISOString(),
      who: `${receipt.by.service} ${receipt.by.instance}`,
      afterMs: before === undefined ? null : receipt.lastModifiedMs - before.lastModifiedMs,
      ...told(receipt),
      isTrouble: TROUBLE.has(receipt.stage),
    };
  });
}

function stageWord({ stage, attempt }: Receipt): string {
  if (stage === 'submit') return 'submitted';
  return stage === 'opened' && attempt > 1 ? 'reopened' : stage;
}

/** By the cause of an opened attempt; what a later version may call it is told as it is. */
const OPENED_BECAUSE: Readonly<Record<string, string>> = {
  planned: 'the first attempt',
  mismatched: 'the target differed',
  void: 'the attempt before it is over and left nothing',
  'late-rows': 'the source was written after the proof',
  operator: 'a person wanted it',
};

function told({ stage, body, causedBy }: Receipt): Pick<TrailEvent, 'what' | 'why' | 'ids'> {
  const ids = (label: string, texts: readonly string[]) =>
    texts.filter((each) => each !== '').map((text) => ({ label, text }));
  switch (stage) {
    case 'opened':
      return {
        what: OPENED_BECAUSE[said(body, 'cause')] ?? said(body, 'cause'),
        why: said(body, 'reason'),
        ids: ids('because of', [causedBy ?? '']),
      };
    case 'submit':
      return { what: `${said(body, 'step')} sent`, why: '', ids: ids('statement name', [said(body, 'statementName')]) };
    case 'unloaded': {
      const files = Array.isArray(body['files']) ? body['files'].length : 0;
      return {
        what: `${rows(body)} in ${count(files)} ${files === 1 ? 'file' : 'files'}${took(body)}`,
        why: '',
        ids: [...ids('statement', [said(body, 'statementId')]), ...ids('source query', list(body, 'sourceQueryIds'))],
      };
    }
    case 'loaded':
      return {
        what: `${rows(body)} by ${said(body, 'operation')}${took(body)}, target version ${said(body, 'targetVersion')}`,
        why: '',
        ids: ids('statement', list(body, 'statementIds')),
      };
    case 'verified':
    case 'counted':
    case 'reproved':
      return {
        what: `level ${said(body, 'level')}, at target version ${said(body, 'targetVersion')}`,
        why: '',
        ids: [],
      };
    case 'mismatched':
      return { what: list(body, 'differences').join('; '), why: diagnosisOf(body), ids: [] };
    case 'failed':
    case 'void':
    case 'quarantined':
      return {
        what: said(body, 'code'),
        why: [said(body, 'message'), said(body, 'next')].filter(Boolean).join(' '),
        ids: [],
      };
    case 'accepted':
      return { what: `taken unproven by ${said(body, 'who')}`, why: said(body, 'reason'), ids: [] };
    default:
      return { what: '', why: '', ids: [] };
  }
}

function diagnosisOf(body: Body): string {
  const diagnosis = body['diagnosis'];
  if (typeof diagnosis !== 'object' || diagnosis === null || Array.isArray(diagnosis)) return '';
  const detail = diagnosis['detail'];
  return typeof detail === 'string' ? detail : '';
}

export interface Counts {
  attempt: number;
  counts: { name: string; rows: string | null }[];
  isEqual: boolean;
  /** Stage of the proof that they are of; null before one. Whether hashes agree is its word, not ours. */
  proof: string | null;
  hashes: { name: string; sums: string[] }[];
}

/** Of the newest proof, else of what is known of the newest attempt; null before anything was counted. */
export function countsOf({ trail }: Pick<ChunkStory, 'trail'>): Counts | null {
  const proof = trail.findLast(({ body }) => body['rowCounts'] !== undefined);
  const attempt = Math.max(0, ...trail.map((receipt) => receipt.attempt));
  if (proof !== undefined && proof.attempt === attempt) {
    const told = proof.body['rowCounts'] as Record<string, string>;
    return { attempt, ...compared(told), proof: proof.stage, hashes: hashesOf(proof.body) };
  }
  const unloaded = trail.findLast((receipt) => receipt.stage === 'unloaded' && receipt.attempt === attempt);
  const loaded = trail.findLast((receipt) => receipt.stage === 'loaded' && receipt.attempt === attempt);
  if (unloaded === undefined) return null;
  const known = {
    transaction: said(unloaded.body, 'rowCount'),
    manifest: said(unloaded.body, 'manifestRowCount'),
    ...(loaded === undefined ? {} : { load: said(loaded.body, 'rowCount') }),
  };
  return { attempt, ...compared(known), proof: null, hashes: [] };
}

/** Of the counts and hashes in words; null: nothing was proven yet. Hashes are claimed only where some were compared. */
export function judgement({ counts, isEqual, proof, hashes }: Counts): { words: string; isGood: boolean | null } {
  if (proof === 'mismatched' || !isEqual)
    return { words: 'They differ, or their hashes do: the trail says where.', isGood: false };
  if (proof === null) return { words: 'What is known so far agrees.', isGood: null };
  if (counts.some(({ rows }) => rows === null))
    return { words: 'A count is missing: nothing is proven.', isGood: false };
  if (proof === 'counted' || hashes.length < 2)
    return { words: 'All four agree; no hashes were compared.', isGood: true };
  return { words: 'All four agree, and so do the hashes.', isGood: true };
}

function compared(known: Partial<Record<string, string>>): Pick<Counts, 'counts' | 'isEqual'> {
  const counts = ['transaction', 'manifest', 'load', 'target'].map((name) => ({ name, rows: known[name] ?? null }));
  return { counts, isEqual: new Set(counts.map(({ rows }) => rows).filter((rows) => rows !== null)).size === 1 };
}

function hashesOf(body: Body): Counts['hashes'] {
  return (['source', 'carried', 'target'] as const).flatMap((name) => {
    const fingerprint = body[name];
    if (typeof fingerprint !== 'object' || fingerprint === null || Array.isArray(fingerprint)) return [];
    const groups = fingerprint['groups'];
    if (!Array.isArray(groups)) return [];
    return [{ name, sums: groups.map((group) => JSON.stringify(group).replaceAll(/[{}"]/g, '').replaceAll(':', ' ')) }];
  });
}
