/** When everything will be proven: a band, not a moment, held against the date that somebody promised. */
import { duration } from '../format.ts';
import { nowMs } from '../live.ts';
import type { Eta } from '../shapes.ts';

export function EtaFigure({ eta, isPlanned }: { eta: Eta; isPlanned: boolean }) {
  const { state, p50, p90, reason, plannedDate, isLate } = eta;
  if (!isPlanned) return <Figure value="–" note="nothing is planned yet" />;
  if (state === 'done') return <Figure value="done" note="everything that was planned is proven" />;
  if (p50 === null)
    return <Figure value={state === 'held' ? 'held' : 'not known'} note={reason ?? 'too little was moved yet'} />;
  const planned =
    plannedDate === null ? '' : ` · planned for ${moment(plannedDate)}${isLate === true ? ': later than that' : ''}`;
  const value = `in ${duration(Math.max(1_000, Date.parse(p50) - nowMs.value))}`;
  if (p90 === null)
    return (
      <Figure value={value} note={`${moment(p50)}, by the first UNLOADs alone${planned}`} isBad={isLate === true} />
    );
  return (
    <Figure
      value={value}
      note={`${moment(p50)}, nine times of ten before ${moment(p90)}${planned}`}
      isBad={isLate === true}
    >
      <Band from={nowMs.value} p50={Date.parse(p50)} p90={Date.parse(p90)} plannedDate={plannedDate} />
    </Figure>
  );
}

function Figure(props: { value: string; note: string; isBad?: boolean; children?: preact.ComponentChildren }) {
  return (
    <div class="figure eta">
      <span class="label">everything proven</span>
      <span class={`value number ${props.isBad === true ? 'bad' : ''}`}>{props.value}</span>
      {props.children}
      <span class="quiet">{props.note}</span>
    </div>
  );
}

/** From now to the later of P90 and the planned date; the words beside it say the same. */
function Band(props: { from: number; p50: number; p90: number; plannedDate: string | null }) {
  const planned = props.plannedDate === null ? null : Date.parse(props.plannedDate);
  const end = Math.max(props.p90, planned ?? 0);
  const at = (ms: number) =>
    `${Math.min(100, Math.max(0, ((ms - props.from) / Math.max(1, end - props.from)) * 100))}%`;
  return (
    <span class="eta-band" aria-hidden="true">
      <span class="likely" style={{ left: at(props.p50), right: `calc(100% - ${at(props.p90)})` }} />
      {planned === null ? null : <span class="planned" style={{ left: at(planned) }} />}
    </span>
  );
}

/** Of the reader's clock, to the minute. */
export function moment(iso: string): string {
  const at = new Date(iso);
  const day = `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`;
  const clock = at.toTimeString().slice(0, 5);
  return at.toDateString() === new Date().toDateString() ? clock : `${day} ${clock}`;
}
