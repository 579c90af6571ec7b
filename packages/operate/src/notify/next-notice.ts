/**
 * What is news: the facts against what was told. Pure, and one notice at a time: each is noted with what is told by then, so
 * a crash between two leaves nothing out and says nothing twice.
 */
import type { Notice, NoticeKind, Told } from '@lakehaul/ledger';
import type { Condition, Facts } from './facts.ts';

/** More of a kind at once are one thing that has happened, and one notice. */
const STORM = 10;
const LISTED = 5;
/** Of one plan. With more its table is stopped, or its owner knows; each notice carries the list of what was told. */
const MISMATCHES_TOLD = 100;

export interface News {
  notice: Notice;
  told: Told;
}

/** `number` is the one that the notice will have. Null when everything was told. */
export function nextNotice(told: Told | null, facts: Facts, number: number): News | null {
  if (told === null) return begun(facts, number);
  const now = { ...told, verdict: facts.verdict };
  return (
    verdictNews(told, now, facts, number) ??
    raised(now, facts, number) ??
    changed(now, facts) ??
    differing(now, facts, number) ??
    cleared(now, facts)
  );
}

function begun(facts: Facts, number: number): News {
  return {
    notice: {
      ...{ kind: 'begun', action: 'told', severity: 'info', incident: number },
      summary: `${facts.migration} is watched; the verdict is ${facts.verdict}`,
      next: '',
    },
    told: { verdict: facts.verdict, conditions: [], mismatches: [] },
  };
}

/** Between GO and HOLD: NO_GO is a condition, which is raised and cleared. */
function verdictNews(told: Told, now: Told, facts: Facts, number: number): News | null {
  if (told.verdict === facts.verdict || facts.verdict === 'NO_GO' || told.verdict === 'NO_GO') return null;
  const isGo = facts.verdict === 'GO';
  return {
    notice: {
      ...{ kind: 'verdict', action: 'told', severity: isGo ? 'info' : 'warning', incident: number },
      summary: isGo ? 'the verdict is GO' : `the verdict is no longer GO: ${facts.reasons.join(', ')}`,
      next: isGo ? '' : 'lakehaul status says what stands against it',
    },
    told: now,
  };
}

function raised(now: Told, facts: Facts, number: number): News | null {
  const known = new Set(now.conditions.map(({ key }) => key));
  const all = facts.conditions.filter(({ key }) => !known.has(key));
  const [first] = all;
  if (first === undefined) return null;
  const ofKind = all.filter(({ kind }) => kind === first.kind);
  const concerned = ofKind.length > STORM ? ofKind : [first];
  return {
    notice: {
      ...{ kind: first.kind, action: 'raised', severity: first.severity, incident: number },
      summary: concerned.length === 1 ? first.says : `${stormWords(first.kind, concerned.length)}: ${names(concerned)}`,
      next: first.next,
    },
    told: { ...now, conditions: [...now.conditions, ...concerned.map((each) => toldOf(each, number))] },
  };
}

function toldOf({ key, kind, severity, measure }: Condition, incident: number): Told['conditions'][number] {
  return { key, kind, severity, measure, incident };
}

function stormWords(kind: NoticeKind, count: number): string {
  if (kind === 'table-stopped') return `${count} tables are stopped`;
  if (kind === 'quarantine') return `chunks of ${count} tables wait for a person`;
  if (kind === 'process-failing') return `${count} business processes were declared failing`;
  return `${count} pauses have lasted long`;
}

function names(items: readonly { subject: string }[]): string {
  const shown = items.slice(0, LISTED).map(({ subject }) => subject);
  return items.length > LISTED ? `${shown.join(', ')} and ${items.length - LISTED} more` : shown.join(', ');
}

function changed(now: Told, facts: Facts): News | null {
  for (const known of now.conditions) {
    const current = facts.conditions.find(({ key }) => key === known.key);
    if (current === undefined || current.measure < known.measure * 2) continue;
    const { kind, severity, says: summary, next, measure } = current;
    return {
      notice: { kind, action: 'changed', severity, summary, next, incident: known.incident },
      told: { ...now, conditions: now.conditions.map((each) => (each === known ? { ...each, measure } : each)) },
    };
  }
  return null;
}

/** Two engines disagreed about rows: told even if it was repaired before anybody looked. */
function differing(now: Told, facts: Facts, number: number): News | null {
  for (const { plan, table, attempts } of facts.mismatches) {
    const known = now.mismatches.find((each) => each.plan === plan)?.attempts ?? [];
    // Never forgotten, though a scan may not list them any more: that of another process may, and would tell them again.
    const fresh = attempts.filter((each) => !known.includes(each)).slice(0, MISMATCHES_TOLD - known.length);
    if (fresh.length === 0) continue;
    const chunks = [...new Set(fresh.map((attempt) => attempt.split('.')[0]))];
    const listed = chunks.slice(0, LISTED).join(', ');
    const more = chunks.length > LISTED ? ` and ${chunks.length - LISTED} more` : '';
    const rest = now.mismatches.filter((each) => each.plan !== plan);
    return {
      notice: {
        ...{ kind: 'mismatch', action: 'told', severity: 'critical', incident: number },
        summary: `${table}: ${chunks.length === 1 ? 'chunk' : 'chunks'} ${listed}${more} loaded and not equal to the source`,
        next: 'lakehaul diff CHUNK names the rows; repair is under way, the cause is what matters',
      },
      told: { ...now, mismatches: [...rest, { plan, attempts: [...known, ...fresh] }] },
    };
  }
  return null;
}

/** An incident is over when nothing of it is left. */
function cleared(now: Told, facts: Facts): News | null {
  const current = new Set(facts.conditions.map(({ key }) => key));
  const lasting = new Set(now.conditions.filter(({ key }) => current.has(key)).map(({ incident }) => incident));
  const over = now.conditions.find(({ incident }) => !lasting.has(incident));
  if (over === undefined) return null;
  const { kind, severity, incident } = over;
  return {
    notice: { kind, action: 'cleared', severity, incident, summary: clearedWords(kind, facts), next: '' },
    told: { ...now, conditions: now.conditions.filter((each) => each.incident !== incident) },
  };
}

function clearedWords(kind: NoticeKind, facts: Facts): string {
  if (kind === 'verdict') return `the verdict is no longer NO_GO but ${facts.verdict}`;
  if (kind === 'table-stopped') return 'over: what was stopped is resumed';
  if (kind === 'quarantine') return 'over: no chunk of it waits for a person any more';
  if (kind === 'throttle-stop')
    return facts.isGoverned
      ? 'over: UNLOADs are let in again'
      : 'not known any more: nobody has read the source for an hour; lakehaul throttle';
  if (kind === 'process-failing') return 'over: the business process is declared well again';
  return 'over: what was paused is resumed';
}
