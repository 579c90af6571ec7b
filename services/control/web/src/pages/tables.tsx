/** Tables, worst first, and one of them by its address. */
import { useState } from 'preact/hooks';
import { may } from '../api.ts';
import { attentionOf } from '../attention.ts';
import { count, duration } from '../format.ts';
import { chunkHref, href } from '../href.ts';
import { AttentionList } from '../parts/attention-list.tsx';
import { moment } from '../parts/eta.tsx';
import { Panel, Told } from '../parts/panel.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { Share, StageBar, StageTag } from '../parts/stage-bar.tsx';
import { useResource } from '../resource.ts';
import { place } from '../router.ts';
import type { ChunkPage, Status, TableStatus } from '../shapes.ts';
import { STAGE_ORDER } from '../stage-look.ts';
import { pause, resume, steer } from '../steer.tsx';
import { tableRank as rank, tableState } from '../table-state.ts';

export function Tables() {
  const status = useResource<Status>('/v1/status').value;
  const name = place.value.parts[1];
  if (name !== undefined) return <OneTable name={name} />;
  return (
    <div class="page">
      <h1>Tables</h1>
      <Told shown={status}>{(value) => <List status={value} />}</Told>
    </div>
  );
}

function List({ status }: { status: Status }) {
  const [wanted, setWanted] = useState('');
  const tables = [...status.tables].sort((a, b) => rank(a) - rank(b) || (a.table < b.table ? -1 : 1));
  const shown = tables.filter(({ table }) => table.includes(wanted));
  return (
    <section class="panel" aria-label="Tables">
      <div class="tools">
        <input
          data-find
          type="search"
          placeholder="Table"
          aria-label="Tables whose name holds"
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
        <span class="quiet number">
          {count(shown.length)} of {count(tables.length)}, worst first
        </span>
      </div>
      {tables.length === 0 ? <p class="empty">Nothing is planned yet: lakehaul plan.</p> : null}
      <Scroll label="List of tables">
        <table class="wide-rows">
          <thead>
            <tr>
              <th scope="col">table</th>
              <th scope="col">state</th>
              <th scope="col" class="bar">
                chunks by stage
              </th>
              <th scope="col" class="right">
                proven
              </th>
              <th scope="col" class="right">
                chunks
              </th>
              <th scope="col" class="right">
                rows
              </th>
              <th scope="col">level</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((table) => (
              <tr key={table.tableId}>
                <th scope="row">
                  <a href={href(['tables', table.tableId])}>{table.table}</a>
                </th>
                <td>{stateWords(table)}</td>
                <td class="bar">
                  <StageBar stages={table.stages} chunks={table.chunks} />
                </td>
                <td class="right">
                  <Share part={table.done} of={table.chunks} />
                </td>
                <td class="right number">
                  {count(table.done)} / {count(table.chunks)}
                </td>
                <td class="right number">{count(table.rows)}</td>
                <td>{table.level}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

export function stateWords(table: TableStatus) {
  const { words, tone } = tableState(table);
  return tone === '' ? words : <span class={tone}>{words}</span>;
}

function OneTable({ name }: { name: string }) {
  const table = useResource<TableStatus>(`/v1/tables/${encodeURIComponent(name)}`).value;
  return (
    <div class="page">
      <p class="crumbs">
        <a href={href(['tables'])}>Tables</a>
      </p>
      <Told shown={table}>{(value) => <Facts table={value} />}</Told>
      <Chunks name={name} />
    </div>
  );
}

function Facts({ table }: { table: TableStatus }) {
  const items = attentionOf({ tables: [table], steering: NO_STEERING });
  return (
    <>
      <div class="head">
        <h1>{table.table}</h1>
        <span>{stateWords(table)}</span>
        {may('steer') ? <Steering table={table} /> : null}
      </div>
      {items.length === 0 ? null : (
        <Panel title="What needs somebody">
          <AttentionList items={items} />
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
    </>
  );
}

function etaWords({ state, p50, p90, reason }: TableStatus['eta']): string {
  if (state === 'done') return 'done';
  if (p50 === null || p90 === null) return reason ?? 'not known';
  return `${moment(p50)}, nine times of ten before ${moment(p90)}`;
}

const NO_STEERING: Status['steering'] = { pauses: [], limits: [], priorities: [], throttle: [] };

function Steering({ table: { table } }: { table: TableStatus }) {
  const status = useResource<Status>('/v1/status').value;
  const steering = status.value?.steering ?? NO_STEERING;
  const pattern = `${table}::*`;
  const priority = steering.priorities.find((each) => each.pattern === table);
  return (
    <span class="actions">
      {steering.pauses.includes(pattern) ? (
        <button type="button" onClick={() => resume(pattern)}>
          Resume …
        </button>
      ) : (
        <button type="button" onClick={() => pause(pattern)}>
          Pause …
        </button>
      )}
      {priority === undefined ? (
        <button type="button" onClick={() => steer(`First of all: ${table}`, 'Set', { priorities: { [table]: 1 } })}>
          First of all …
        </button>
      ) : (
        <button
          type="button"
          onClick={() => steer(`Priority of ${table} as configured`, 'Take back', { priorities: { [table]: null } })}
        >
          Priority {priority.priority}: take back …
        </button>
      )}
    </span>
  );
}

export function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Chunks({ name }: { name: string }) {
  const [stage, setStage] = useState('');
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const query = new URLSearchParams({
    ...{ table: name, limit: '25' },
    ...(stage === '' ? {} : { stage }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  const page = useResource<ChunkPage>(`/v1/chunks?${query}`).value;
  return (
    <section class="panel" aria-label="Chunks">
      <header>
        <h2>Chunks</h2>
        <div class="aside">
          <select
            aria-label="Stage"
            value={stage}
            onChange={(event) => {
              setStage(event.currentTarget.value);
              setCursors([]);
            }}
          >
            <option value="">every stage</option>
            {STAGE_ORDER.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </div>
      </header>
      <Told shown={page}>
        {({ chunks, next }) => (
          <>
            {chunks.length === 0 ? <p class="empty">None is like that.</p> : <ChunkRows chunks={chunks} />}
            <div class="actions">
              <button type="button" disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>
                Back
              </button>
              <button type="button" disabled={next === null} onClick={() => setCursors([...cursors, next ?? ''])}>
                Next
              </button>
            </div>
          </>
        )}
      </Told>
    </section>
  );
}

function ChunkRows({ chunks }: Pick<ChunkPage, 'chunks'>) {
  return (
    <Scroll label="List of chunks">
      <table>
        <thead>
          <tr>
            <th scope="col">chunk</th>
            <th scope="col">stage</th>
            <th scope="col" class="right">
              attempt
            </th>
            <th scope="col" class="right">
              failures
            </th>
            <th scope="col">changed</th>
          </tr>
        </thead>
        <tbody>
          {chunks.map(({ chunk, stage, attempt, failures, isRepaired, changedAt }) => (
            <tr key={chunk}>
              <th scope="row">
                <a href={chunkHref(chunk)}>{chunk.split('/').slice(1).join('/')}</a>
              </th>
              <td>
                <StageTag stage={stage} />
                {isRepaired ? <span class="quiet"> after a repair</span> : null}
              </td>
              <td class="right number">{attempt === 0 ? '–' : attempt}</td>
              <td class="right number">{failures === 0 ? '' : failures}</td>
              <td class="number">{changedAt === null ? '–' : changedAt.replace('T', ' ').replace(/\.\d+Z$/, 'Z')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
