/** What is holding us back at the source: how many UNLOADs may run, the reason that wins, and its reading against its limit. */
import { useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import { count, duration, time } from '../format.ts';
import { axesOf, Chart, FROM_ZERO, STEPPED } from '../parts/chart.tsx';
import { Panel, Told } from '../parts/panel.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { NumberForm } from '../parts/set-in-place.tsx';
import { useResource } from '../resource.ts';
import type { Throttle } from '../shapes.ts';
import { steer, takeBack } from '../steer.tsx';

const EVERY_MS = 2_000;
const HEIGHT = 140;

type Check = Throttle['checks'][number];
type Setting = Throttle['settings'][number];

export function ThrottlePage() {
  const throttle = useResource<Throttle>('/v1/throttle?history=240', EVERY_MS).value;
  return (
    <div class="page">
      <h1>Throttle</h1>
      <Told shown={throttle}>
        {(value) => (
          <>
            <div class="columns">
              <Panel title="UNLOADs that may run at once" aside={value.asOf === null ? undefined : time(value.asOf)}>
                <Now throttle={value} />
              </Panel>
              <Panel title="Today and yesterday">
                <History history={value.history} />
              </Panel>
            </div>
            <Panel title="Checks, in the order in which they win">
              <Checks checks={value.checks} winner={value.winner} />
            </Panel>
            <Panel title="Settings in force">
              <ul class="rows">
                {value.settings.map((setting) => (
                  <SettingRow key={setting.name} setting={setting} />
                ))}
              </ul>
            </Panel>
          </>
        )}
      </Told>
    </div>
  );
}

function Now({ throttle: { slots, reason, winner, isGoverned, blackout } }: { throttle: Throttle }) {
  return (
    <>
      <div class="answer">
        <span class={`verdict large ${slots === 0 ? 'no-go' : winner === null ? 'go' : 'hold'}`}>
          {slots === null ? '–' : count(slots)}
        </span>
        <p>
          {reason ?? 'Nobody has decided yet.'}
          {winner === null ? null : <span class="quiet"> ({winner})</span>}
        </p>
      </div>
      {blackout === null ? null : <p class="warn">A blackout is on: {blackout}.</p>}
      {isGoverned ? null : (
        <p class="warn">
          Nobody has read the source for five minutes: is the planner running? This is what was known last.
        </p>
      )}
    </>
  );
}

function History({ history }: Pick<Throttle, 'history'>) {
  const data = useMemo<uPlot.AlignedData>(
    () => [history.map(({ at }) => Date.parse(at) / 1_000), history.map(({ slots }) => slots)],
    [history],
  );
  const moves = history.filter(({ change }) => change !== 'hold').slice(-4);
  if (history.length === 0) return <p class="empty">Nothing was decided yet.</p>;
  return (
    <>
      <Chart
        data={data}
        height={HEIGHT}
        label={`Slots over time; the last ones: ${history
          .slice(-6)
          .map(({ slots }) => slots)
          .join(', ')}.`}
        options={(colours) => ({
          ...{ padding: [8, 16, 0, 0], legend: { show: false }, cursor: { show: false }, scales: FROM_ZERO },
          axes: axesOf(colours, (value) => (Number.isInteger(value) ? count(value) : '')),
          series: [{}, { stroke: colours.accent, fill: colours.wash, width: 1.5, points: { show: false }, ...STEPPED }],
        })}
      />
      <ul class="chart-notes">
        {moves.map(({ at, change, slots, reason }) => (
          <li key={`${at} ${change}`}>
            <time dateTime={at} class="number">
              {new Date(at).toTimeString().slice(0, 5)}
            </time>
            <span>
              {change} to {count(slots)}: {reason}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Checks({ checks, winner }: { checks: readonly Check[]; winner: string | null }) {
  if (checks.length === 0) return <p class="empty">Nothing was read yet.</p>;
  return (
    <Scroll label="Checks of the throttle">
      <table class="wide-rows">
        <thead>
          <tr>
            <th scope="col">check</th>
            <th scope="col">verdict</th>
            <th scope="col" class="right">
              reading
            </th>
            <th scope="col" class="right">
              limit
            </th>
            <th scope="col">in words</th>
          </tr>
        </thead>
        <tbody>
          {checks.map((check) => (
            <tr key={check.name}>
              <th scope="row">{check.name === winner ? <b>{check.name}</b> : check.name}</th>
              <td class={check.verdict === 'ok' ? 'good' : check.verdict === 'warn' ? 'warn' : 'bad'}>
                {check.verdict}
              </td>
              <td class="right number">{quantity(check.value, check.unit)}</td>
              <td class="right number">{quantity(check.limit, check.unit)}</td>
              <td class="free">{check.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function SettingRow({ setting }: { setting: Setting }) {
  const { name, value, configured, isSet, doc, least, most } = setting;
  const unit = { duration: 'ms', count: '', percent: '%', flag: '0 or 1' }[setting.kind];
  return (
    <li>
      <span>
        <b>{name}</b> <span class="number">{settingText(setting, value)}</span>
        {isSet ? <span class="quiet"> (configured {settingText(setting, configured)})</span> : null}
        <br />
        <span class="quiet">{doc}</span>
      </span>
      <NumberForm
        label={`${name}${unit === '' ? '' : ` in ${unit}`}`}
        verb="Set"
        placeholder={unit}
        least={least}
        most={most}
        onSet={(given) => steer(`Throttle: ${name}`, 'Set', { throttle: { [name]: given } })}
        onTakeBack={isSet ? () => takeBack('throttle', name) : null}
      />
    </li>
  );
}

function settingText({ kind }: Setting, value: number): string {
  if (kind === 'duration') return value === 0 ? '0 s' : duration(value);
  if (kind === 'flag') return value === 0 ? 'off' : 'on';
  return kind === 'percent' ? `${count(value)} %` : count(value);
}

function quantity(value: number | null, unit: Check['unit']): string {
  if (value === null) return '–';
  // To a tenth of a second: readings are held against limits of a few.
  if (unit === 'ms') return value >= 1_000 && value < 60_000 ? `${(value / 1_000).toFixed(1)} s` : duration(value);
  if (unit === 'flag') return value === 0 ? 'off' : 'on';
  return unit === 'percent' ? `${count(value)} %` : count(value);
}
