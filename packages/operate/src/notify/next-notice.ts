/**
 * What is news: the facts against what was told. Pure, and one notice at a time: each is noted with what is told by then, so
 * a crash between two leaves nothing out and says nothing twice.
 */
import type { Notice, NoticeKind, Told } from '@lakehaul/ledger';
import type { Condition, Facts } from './facts.ts';
import type { Episode } from './past-episodes.ts';

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
  const past = told.past ?? { sinceMs: facts.observedMs, keys: [], throttleMs: facts.observedMs };
  const missed = untold(told, past, facts);
  const now = { ...told, verdict: facts.verdict, past: missed.length > 0 ? past : settled(past, facts) };
  return (
    verdictNews(told, now, facts, number) ??
    over(now, missed, number) ??
    raised(now, facts, number) ??
    changed(now, facts) ??
    differing(now, facts, number) ??
    cleared(now, facts)
  );
}

type Past = NonNullable<Told['past']>;
type Now = Told & { past: Past };

/** What is over, was not told while it lasted, and is not about to be told as cleared. */
function untold(told: Told, past: Past, facts: Facts): Episode[] {
  const lasting = new Set(told.conditions.map(({ key }) => key));
  const isThrottled = told.conditions.some(({ kind }) => kind === 'throttle-stop');
  return facts.past.filter(({ key, kind, toMs }) => {
    if (toMs < past.sinceMs || past.keys.includes(key) || lasting.has(key)) return false;
    return kind !== 'throttle-stop' || (toMs > past.throttleMs && !isThrottled);
  });
}

/** Records with an older time may still come into sight. */
const PAST_MARGIN_MS = 60_000;

/** When nothing is left to be told, what ended earlier need not be known by its key any more. */
function settled({ sinceMs, keys, throttleMs }: Past, facts: Facts): Past {
  const from = Math.max(sinceMs, facts.observedMs - PAST_MARGIN_MS);
  const gone = new Set(facts.past.filter(({ toMs }) => toMs < from).map(({ key }) => key));
  return { sinceMs: from, keys: keys.filter((key) => !gone.has(key)), throttleMs };
}

/** Who would have been told of its beginning is told of all of it: the severity is the same. */
function over(now: Now, missed: readonly Episode[], number: number): News | null {
  const [first] = missed;
  if (first === undefined) return null;
  const ofKind = missed.filter(({ kind }) => kind === first.kind);
  const concerned = ofKind.length > STORM ? ofKind : [first];
  const [fromMs, toMs] = [
    Math.min(...concerned.map((each) => each.fromMs)),
    Math.max(...concerned.map((each) => each.toMs)),
  ];
  const what =
    concerned.length === 1
      ? first.says
      : `${stormWords(first.kind, concerned.length)}: ${names(concerned)}; all is over`;
  return {
    notice: {
      ...{ kind: first.kind, action: 'told', severity: first.severity, incident: number },
      summary: `told afterwards: ${what}, from ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`,
      next: '',
    },
    told: { ...now, past: { ...now.past, keys: [...now.past.keys, ...concerned.map(({ key }) => key)] } },
  };
}

function begun(facts: Facts, number: number): News {
  return {
    notice: {
      ...{ kind: 'begun', action: 'told', severity: 'info', incident: number },
      summary: `${facts.migration} is watched; the verdict is ${facts.verdict}`,
      next: '',
    },
    told: {
      ...{ verdict: facts.verdict, conditions: [], mismatches: [] },
      past: { sinceMs: facts.observedMs, keys: [], throttleMs: facts.observedMs },
    },
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
  if (kind === 'throttle-stop') return `UNLOADs were stopped ${count} times by the source’s pain`;
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

/** Kinds whose conditions have the key of their episode. */
const RECORDED: ReadonlySet<NoticeKind> = new Set<NoticeKind>(['table-stopped', 'paused', 'process-failing']);

/** The throttle’s records are read later than the look: whatever they tell is told by this. */
function lastStopMs({ past, observedMs }: Facts): number {
  return Math.max(observedMs, ...past.filter(({ kind }) => kind === 'throttle-stop').map(({ toMs }) => toMs));
}

/** An incident is over when nothing of it is left. */
function cleared(now: Now, facts: Facts): News | null {
  const current = new Set(facts.conditions.map(({ key }) => key));
  const lasting = new Set(now.conditions.filter(({ key }) => current.has(key)).map(({ incident }) => incident));
  const ended = now.conditions.find(({ incident }) => !lasting.has(incident));
  if (ended === undefined) return null;
  const { kind, severity, incident } = ended;
  const keys = now.conditions.filter((each) => each.incident === incident).map(({ key }) => key);
  const past = {
    ...now.past,
    // Told by this: not once more among what is over.
    keys: RECORDED.has(kind) ? [...now.past.keys, ...keys] : now.past.keys,
    throttleMs: kind === 'throttle-stop' ? lastStopMs(facts) : now.past.throttleMs,
  };
  return {
    notice: { kind, action: 'cleared', severity, incident, summary: clearedWords(kind, facts), next: '' },
    told: { ...now, past, conditions: now.conditions.filter((each) => each.incident !== incident) },
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
