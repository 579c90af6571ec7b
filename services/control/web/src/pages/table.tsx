/** One table by its address: what it needs, what is known of it, and what may be set on it. */
import { may } from '../api.ts';
import { attentionOf } from '../attention.ts';
import { count, duration } from '../format.ts';
import { href } from '../href.ts';
import { AcknowledgementPanel } from '../parts/acknowledgements.tsx';
import { AttentionList } from '../parts/attention-list.tsx';
import { ChunkList } from '../parts/chunk-list.tsx';
import { moment } from '../parts/eta.tsx';
import { Fact } from '../parts/fact.tsx';
import { Panel, Told } from '../parts/panel.tsx';
import { LimitForm, PauseButton, PriorityForm } from '../parts/set-in-place.tsx';
import { StageBar, StageTag } from '../parts/stage-bar.tsx';
import { TableState } from '../parts/table-state.tsx';
import { useResource } from '../resource.ts';
import type { Status, TableStatus } from '../shapes.ts';
import { STAGE_ORDER } from '../stage-look.ts';

export function OneTable({ name }: { name: string }) {
  const table = useResource<TableStatus>(`/v1/tables/${encodeURIComponent(name)}`).value;
  return (
    <div class="page">
      <p class="crumbs">
        <a href={href(['tables'])}>Tables</a>
      </p>
      <Told shown={table}>{(value) => <Facts table={value} />}</Told>
      <ChunkList table={name} />
      <AcknowledgementPanel table={name} />
    </div>
  );
}

function Facts({ table }: { table: TableStatus }) {
  const items = attentionOf({ tables: [table], steering: NOTHING_SET });
  return (
    <>
      <div class="head">
        <h1>{table.table}</h1>
        <TableState table={table} />
      </div>
      {items.length === 0 ? null : (
        <Panel title="What needs somebody">
          <AttentionList items={items} here={href(['tables', table.tableId])} />
        </Panel>
      )}
      <section class="panel" aria-label="Facts">
        <StageBar stages={table.stages} chunks={table.chunks} />
        <ul class="legend">
          {STAGE_ORDER.filter((stage) => (table.stages[stage] ?? 0) > 0).map((stage) => (
            <li key={stage}>
              <StageTag stage={stage} /> <span class="number">{count(table.stages[stage] ?? 0)}</span>
            </li>
          ))}
        </ul>
        <dl class="facts">
          <Fact name="proven chunks">
            {count(table.done)} of {count(table.chunks)}, {count(table.repaired)} after a repair
            {table.accepted === 0 ? '' : `; ${count(table.accepted)} taken unproven by people`}
          </Fact>
          <Fact name="rows">
            {count(table.rows)} {table.isSealed ? 'by the seal' : 'as planned'}
          </Fact>
          <Fact name="everything proven">{etaWords(table.eta)}</Fact>
          <Fact name="level">{table.level}</Fact>
          <Fact name="seal">{table.isSealed ? 'whole, and newer than every receipt' : 'none that holds now'}</Fact>
          <Fact name="written at the source since its oldest proof">
            {table.writes ?? 'not known while chunks are open'}
          </Fact>
          <Fact name="clean until">
            {table.cleanUntil === null ? 'not known' : `${table.cleanUntil} (source’s clock)`}
          </Fact>
          <Fact name="proving it again would take">
            {table.reproofMs === null
              ? 'not known'
              : `${duration(table.reproofMs.from)} to ${duration(table.reproofMs.to)}, by ${table.reproofMs.basis === 'probe' ? 'its last probe' : 'its unloads'}`}
          </Fact>
          <Fact name="generations">
            {count(table.generations)}
            {table.openWatermark === null ? '' : `; rows from ${table.openWatermark} on are planned by nobody yet`}
          </Fact>
        </dl>
        <p>
          <a href={href(['map'], { table: table.table })}>On the map</a>
        </p>
      </section>
      {may('steer') ? <Steering table={table} /> : null}
    </>
  );
}

function etaWords({ state, p50, p90, reason }: TableStatus['eta']): string {
  if (state === 'done') return 'done';
  if (p50 === null || p90 === null) return reason ?? 'not known';
  return `${moment(p50)}, nine times of ten before ${moment(p90)}`;
}

const NOTHING_SET: Status['steering'] = { pauses: [], limits: [], priorities: [], throttle: [] };

function Steering({ table: { table } }: { table: TableStatus }) {
  const status = useResource<Status>('/v1/status').value;
  const pattern = `${table}::*`;
  return (
    <Panel title="Set on this table">
      <Told shown={status}>
        {({ steering: { pauses, limits, priorities } }) => (
          <ul class="rows">
            <li>
              <span class={pauses.includes(pattern) ? 'bad' : ''}>
                {pauses.includes(pattern) ? 'Paused: nothing more of it starts.' : 'Open.'}
              </span>
              <PauseButton pattern={pattern} pauses={pauses} />
            </li>
            <li>
              <span>
                {limitWords(limits.find((limit) => limit.pattern === pattern))}
                <span class="quiet"> of it in the queues at once</span>
              </span>
              <LimitForm pattern={pattern} limits={limits} />
            </li>
            <li>
              <span>
                Priority {priorities.find((each) => each.pattern === table)?.priority ?? 'as configured'}
                <span class="quiet">: 1 goes first</span>
              </span>
              <PriorityForm table={table} priorities={priorities} />
            </li>
          </ul>
        )}
      </Told>
    </Panel>
  );
}

function limitWords(limit: { max: number } | undefined): string {
  return limit === undefined ? 'Jobs as configured' : `At most ${count(limit.max)} jobs`;
}
