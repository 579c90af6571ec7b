/** Are we all right? And if not, what is not? */

import { attentionOf } from '../attention.ts';
import { bytes, count, duration, percent } from '../format.ts';
import { href } from '../href.ts';
import { AttentionList } from '../parts/attention-list.tsx';
import { EtaFigure } from '../parts/eta.tsx';
import { Money } from '../parts/money.tsx';
import { Panel, Told } from '../parts/panel.tsx';
import { type ChartNote, RateChart } from '../parts/rate-chart.tsx';
import { StageBar } from '../parts/stage-bar.tsx';
import { Verdict } from '../parts/verdict.tsx';
import { useResource } from '../resource.ts';
import type { Pace, Settings, Signals, Stage, Status } from '../shapes.ts';
import { STAGE_LOOKS, STAGE_ORDER } from '../stage-look.ts';
import { changeWords } from '../steer.tsx';

export function Overview() {
  const status = useResource<Status>('/v1/status').value;
  const pace = useResource<Pace>('/v1/pace').value;
  const signals = useResource<Signals>('/v1/signals', 5_000).value;
  const settings = useResource<Settings>('/v1/settings').value;
  return (
    <div class="page overview">
      <h1 class="unseen">Overview</h1>
      <Panel title="Are we all right?" class="wide">
        <Told shown={status}>{(value) => <Answer status={value} pace={pace.value} />}</Told>
      </Panel>
      <Panel title="What needs somebody">
        <Told shown={status}>
          {(value) => <AttentionList items={attentionOf(value, signals.value?.signals ?? [])} />}
        </Told>
      </Panel>
      <div class="stack">
        <Panel title="Pace of the proofs" aside={<Interval pace={pace.value} />}>
          <Told shown={pace}>
            {(value) =>
              value.from === null ? (
                <p class="empty">Nothing is proven yet.</p>
              ) : (
                <RateChart pace={value} notes={notesOf(settings.value, value)} />
              )
            }
          </Told>
        </Panel>
        <Panel title="Money">
          <Told shown={status}>{(value) => <Money cost={value.cost} />}</Told>
        </Panel>
      </div>
    </div>
  );
}

/** What people set while the chart's time went on: often why the pace is what it is. */
function notesOf(settings: Settings | null, { from }: Pace): ChartNote[] {
  const changes = settings?.changes ?? [];
  return changes
    .filter(({ at }) => from !== null && at >= from)
    .map(({ at, who, reason, change }) => ({ at, text: `${changeWords(change)}, ${who}: ${reason}` }));
}

function Answer({ status, pace }: { status: Status; pace: Pace | null }) {
  const { decision, totals, tables } = status;
  const [first, ...more] = decision.reasons;
  const stages = totalStages(status);
  const proven = tables.filter((table) => table.chunks > 0 && table.done === table.chunks).length;
  return (
    <>
      <div class="answer">
        <Verdict verdict={decision.verdict} large />
        <p>
          {first === undefined ? 'Every table is proven and nothing speaks against it.' : first.reason}
          {more.length === 0 ? null : (
            <>
              {' '}
              <a href={href(['gates'])}>
                {more.length} more {more.length === 1 ? 'reason' : 'reasons'}
              </a>
            </>
          )}
        </p>
      </div>
      <div class="figures">
        <Figure
          label="proven"
          value={pace === null ? '–' : percent(BigInt(pace.provenBytes), BigInt(pace.plannedBytes))}
          note={pace === null ? '' : `≈ ${bytes(pace.provenBytes)} of ${bytes(pace.plannedBytes)}, as planned`}
        />
        <EtaFigure eta={status.eta} isPlanned={tables.length > 0} />
        <Figure label="chunks" value={count(totals.done)} note={`of ${count(totals.chunks)} proven`} />
        <Figure label="tables" value={count(proven)} note={`of ${count(tables.length)} proven whole`} />
        <Figure label="staged" value={bytes(totals.stagedBytes)} note="in S3, not cleaned yet" />
      </div>
      <StageBar stages={stages} chunks={totals.chunks} />
      <ul class="legend">
        {STAGE_ORDER.filter((stage) => (stages[stage] ?? 0) > 0).map((stage) => (
          <li key={stage}>
            <a href={href(['map'], { stage })} title={STAGE_LOOKS[stage].what}>
              <span class={`swatch ${stage}`} aria-hidden="true" />
              {STAGE_LOOKS[stage].word} <span class="number">{count(stages[stage] ?? 0)}</span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

function Figure({ label, value, note }: { label: string; value: string; note: string }) {
  return (
    <div class="figure">
      <span class="label">{label}</span>
      <span class="value number">{value}</span>
      <span class="quiet">{note}</span>
    </div>
  );
}

function Interval({ pace }: { pace: Pace | null }) {
  if (pace === null || pace.from === null) return null;
  return <span class="quiet">bytes as planned, each {duration(pace.intervalSeconds * 1_000)}</span>;
}

export function totalStages({ tables }: Pick<Status, 'tables'>): Partial<Record<Stage, number>> {
  const totals: Partial<Record<Stage, number>> = {};
  for (const { stages } of tables)
    for (const stage of STAGE_ORDER) totals[stage] = (totals[stage] ?? 0) + (stages[stage] ?? 0);
  return totals;
}
