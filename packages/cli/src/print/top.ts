/** `top` fits 80×24: the verdict, what each queue does and what holds it, then tables, those that move first. */
import type { QUEUES_JSON } from '@lakehaul/control';
import { LEDGER_STALE_MS, type STATUS_JSON, type THROTTLE_JSON } from '@lakehaul/operate';
import type { z } from 'zod';
import { etaText, rateText } from './eta.ts';
import { cutText } from './safe-text.ts';
import { table } from './table.ts';
import { styled, type Terminal } from './terminal.ts';
import { throttleText } from './throttle.ts';
import { count, counted, duration, percent, size } from './units.ts';

type Status = z.output<typeof STATUS_JSON>;
type Queue = z.output<typeof QUEUES_JSON>['queues'][number];

type Throttle = Pick<z.output<typeof THROTTLE_JSON>, 'isGoverned' | 'slots' | 'winner' | 'reason'>;

export interface TopView {
  status: Status;
  /** Null while the queue store does not answer the service. */
  queues: readonly Queue[] | null;
  /** Null while it cannot be read. */
  throttle: Throttle | null;
  /** When the service looked at the ledger, by S3's clock, and how long ago that is. */
  asOfMs: number;
  ageMs: number;
  /** Why it is not newer; null while the service answers. */
  lost: string | null;
}

const LINES = 24;

export function topText(view: TopView, terminal: Pick<Terminal, 'hasColour' | 'columns'> & { rows?: number }): string {
  const { status } = view;
  const { chunks, done, stagedBytes } = status.totals;
  const head = [
    `${status.migration}  ${verdict(view, terminal)}  proven ${count(done)} of ${counted(chunks, 'chunk')} (${percent(BigInt(done), BigInt(chunks))}), ${size(stagedBytes)} staged`,
    ...status.decision.reasons.slice(0, 1).map(({ code, reason }) => `  ${code}  ${reason}`),
    ...etaLine(view),
    ageLine(view, terminal),
    '',
    ...(view.queues === null ? ['  the queue store does not answer'] : view.queues.map((each) => queueLine(each))),
    ...throttleLine(view),
    '',
  ].map((line) => cutText(line, terminal.columns));
  const room = Math.max(3, (terminal.rows ?? LINES) - head.length - 3);
  const rows = [...status.tables].sort((a, b) => rank(a) - rank(b) || a.table.localeCompare(b.table));
  const shown = rows.slice(0, room);
  return [
    ...head,
    table(
      shown,
      [
        { title: 'table', text: (row) => row.table, isFlexible: true },
        { title: 'unload', align: 'right', text: (row) => inStages(row, 'planned', 'opened') },
        { title: 'load', align: 'right', text: (row) => inStages(row, 'unloaded') },
        { title: 'verify', align: 'right', text: (row) => inStages(row, 'loaded') },
        { title: 'repair', align: 'right', text: (row) => inStages(row, 'mismatched', 'void') },
        { title: 'waits', align: 'right', text: (row) => inStages(row, 'quarantined') },
        { title: 'proven', align: 'right', text: (row) => percent(BigInt(row.done), BigInt(row.chunks)) },
      ],
      terminal.columns,
    ),
    ...(rows.length > shown.length ? [`and ${counted(rows.length - shown.length, 'more table')}`] : []),
  ].join('\n');
}

/** A service that answers may know nothing new: it says so itself. */
function ageLine({ ageMs, lost }: TopView, terminal: Pick<Terminal, 'hasColour'>): string {
  const age = duration(ageMs);
  if (lost !== null) return styled(terminal, 'red', `  last heard ${age} ago: ${lost}`);
  if (ageMs < LEDGER_STALE_MS) return `  as of ${age} ago`;
  return styled(terminal, 'red', `  OLD: the service last read the ledger ${age} ago; its log says why`);
}

/** What holds UNLOADs back at the source: the winning check in its own words. */
function throttleLine({ throttle }: TopView): string[] {
  if (throttle === null || throttle.slots === null) return [];
  if (!throttle.isGoverned) return ['  throttle: nobody reads the source now'];
  const { slots, winner, reason } = throttle;
  return [`  ${throttleText({ slots, winner, reason: reason ?? '' })}`];
}

function etaLine({ status: { eta }, asOfMs }: TopView): string[] {
  const at = (time: string | null) => (time === null ? null : Date.parse(time));
  const [p50Ms, p90Ms, plannedMs] = [at(eta.p50), at(eta.p90), at(eta.plannedDate)];
  const bytesPerSecond = eta.bytesPerSecond === null ? null : Number(eta.bytesPerSecond);
  const forecast = { ...eta, leftBytes: BigInt(eta.leftBytes), nowMs: asOfMs, p50Ms, p90Ms, plannedMs, bytesPerSecond };
  const words = [rateText(forecast), etaText(forecast)].filter((each) => each !== null);
  return words.length === 0 ? [] : [`  ${words.join(' · ')}`];
}

function verdict({ status }: TopView, terminal: Pick<Terminal, 'hasColour'>): string {
  const { verdict } = status.decision;
  return styled(
    terminal,
    verdict === 'GO' ? 'green' : verdict === 'HOLD' ? 'yellow' : 'red',
    `${verdict}, evidence ${status.evidence}`,
  );
}

function queueLine({ queue, active, waiting, delayed, isPaused, limits }: Queue): string {
  const held = limits.filter(({ max }) => max === 0).map(({ pattern }) => pattern);
  const bounds = limits.filter(({ max }) => max > 0).map(({ pattern, max }) => `${pattern} at most ${max}`);
  const notes = [
    ...(isPaused ? ['paused'] : held.length > 0 ? [`paused: ${held.join(', ')}`] : []),
    ...bounds,
    ...(delayed > 0 ? [`${count(delayed)} later`] : []),
  ];
  return `  ${queue.padEnd(7)}${count(active).padStart(7)} running${count(waiting).padStart(7)} waiting  ${notes.join('; ')}`.trimEnd();
}

function inStages(row: Status['tables'][number], ...stages: (keyof Status['tables'][number]['stages'])[]): string {
  const sum = stages.reduce((total, stage) => total + (row.stages[stage] ?? 0), 0);
  return sum === 0 ? '·' : count(sum);
}

/** What waits for a person first, then what moves, then what has not begun, then what is done. */
function rank({ stop, stages, chunks, done }: Status['tables'][number]): number {
  if (stop !== null || (stages.quarantined ?? 0) > 0) return 0;
  if (done >= chunks) return 3;
  return (stages.planned ?? 0) === chunks ? 2 : 1;
}
