/** Where are we? Every chunk of the estate on one page. */
import { useMemo } from 'preact/hooks';
import { count } from '../format.ts';
import { href } from '../href.ts';
import { type Band, bandsOf, countCauses, countCells, NO_SUCH_CAUSE } from '../map/bands.ts';
import { MapCanvas } from '../map/map-canvas.tsx';
import { Panel, Told } from '../parts/panel.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { StageBar } from '../parts/stage-bar.tsx';
import { useResource } from '../resource.ts';
import { choose, place } from '../router.ts';
import type { ChunkMap, Stage } from '../shapes.ts';
import { STAGE_LOOKS, STAGE_ORDER } from '../stage-look.ts';

const EVERY_MS = 2_000;
const LEVELS = ['count', 'carried', 'sampled', 'full'] as const;
const ATTEMPTS = [
  ['', 'any attempt'],
  ['2', 'attempt 2 and later'],
  ['3', 'attempt 3 and later'],
  ['5', 'attempt 5 and later'],
] as const;

export function MapPage() {
  const map = useResource<ChunkMap>('/v1/map', EVERY_MS).value;
  return (
    <div class="page">
      <h1>Chunk map</h1>
      <Told shown={map}>{(value) => <Drawn map={value} />}</Told>
    </div>
  );
}

function Drawn({ map }: { map: ChunkMap }) {
  const { query } = place.value;
  const [table, level] = [query.get('table') ?? '', query.get('level') ?? ''];
  const all = useMemo(() => bandsOf(map), [map]);
  const bands = useMemo(
    () => all.filter((band) => band.table.includes(table) && (level === '' || band.level === level)),
    [all, table, level],
  );
  const stageText = query.get('stage') ?? '';
  const attempt = query.get('attempt') ?? '';
  const cause = query.get('cause') ?? '';
  // Of this answer: the next one may name its causes in another order.
  const causePlace = cause === '' ? 0 : map.causes.indexOf(cause) + 1 || NO_SUCH_CAUSE;
  const filter = useMemo(
    () => ({
      stages: new Set(stageText.split(',').filter((each) => each !== '') as Stage[]),
      attemptFrom: Number(attempt) || 0,
      cause: causePlace,
    }),
    [stageText, attempt, causePlace],
  );
  const counted = useMemo(
    () => bands.map((band) => ({ band, stages: countCells(band.cells, map.stages) })),
    [bands, map],
  );
  const totals = useMemo(() => sumOf(counted.map(({ stages }) => stages)), [counted]);
  const toggle = (stage: Stage) => {
    const next = new Set(filter.stages);
    if (!next.delete(stage)) next.add(stage);
    choose({ stage: [...next].join(',') });
  };
  return (
    <>
      <section class="panel" aria-label="Map">
        <div class="map-tools">
          <fieldset class="chips" aria-label="Stages">
            {STAGE_ORDER.filter((stage) => (totals[stage] ?? 0) > 0 || filter.stages.has(stage)).map((stage) => (
              <button
                key={stage}
                type="button"
                aria-pressed={filter.stages.has(stage)}
                title={STAGE_LOOKS[stage].what}
                onClick={() => toggle(stage)}
              >
                <span class={`swatch ${stage}`} aria-hidden="true" />
                {STAGE_LOOKS[stage].word} <span class="quiet number">{count(totals[stage] ?? 0)}</span>
              </button>
            ))}
          </fieldset>
          <div class="selects">
            <input
              data-find
              type="search"
              placeholder="Table"
              aria-label="Tables whose name holds"
              value={table}
              onInput={(event) => choose({ table: event.currentTarget.value })}
            />
            <select aria-label="Level" value={level} onChange={(event) => choose({ level: event.currentTarget.value })}>
              <option value="">any level</option>
              {LEVELS.map((each) => (
                <option key={each} value={each}>
                  level {each}
                </option>
              ))}
            </select>
            <select
              aria-label="Attempt"
              value={attempt}
              onChange={(event) => choose({ attempt: event.currentTarget.value })}
            >
              {ATTEMPTS.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </select>
            <CauseSelect cause={cause} bands={bands} map={map} />
          </div>
        </div>
        {bands.length === 0 ? (
          <p class="empty">{all.length === 0 ? 'Nothing is planned yet.' : 'No table is like that.'}</p>
        ) : (
          <MapCanvas bands={bands} stages={map.stages} causes={map.causes} filter={filter} />
        )}
      </section>
      {counted.length === 0 ? null : (
        <Panel title="The same as a table">
          <TableOfBands counted={counted} />
        </Panel>
      )}
    </>
  );
}

/** What went wrong last; also of chunks that are proven by now. */
function CauseSelect({ cause, bands, map }: { cause: string; bands: readonly Band[]; map: ChunkMap }) {
  const counted = useMemo(() => countCauses(bands, map.causes), [bands, map]);
  const isGone = cause !== '' && counted.every(([code]) => code !== cause);
  return (
    <>
      <select
        class="cause"
        aria-label="Cause"
        value={cause}
        disabled={counted.length === 0 && cause === ''}
        onChange={(event) => choose({ cause: event.currentTarget.value })}
      >
        <option value="">{counted.length === 0 ? 'no trouble' : 'any cause'}</option>
        {counted.map(([code, chunks]) => (
          <option key={code} value={code}>
            {code} ({count(chunks)})
          </option>
        ))}
        {isGone ? <option value={cause}>{cause} (0)</option> : null}
      </select>
      {map.causesUnread === 0 ? null : (
        <span class="quiet number" role="status">
          {count(map.causesUnread)} causes not read yet
        </span>
      )}
    </>
  );
}

type Counts = Partial<Record<Stage, number>>;

function TableOfBands({ counted }: { counted: readonly { band: Band; stages: Counts }[] }) {
  const shown = STAGE_ORDER.filter((stage) => counted.some(({ stages }) => (stages[stage] ?? 0) > 0));
  return (
    <Scroll label="Chunks by table and stage">
      <table>
        <thead>
          <tr>
            <th scope="col">table</th>
            <th scope="col" class="bar">
              by stage
            </th>
            <th scope="col" class="right">
              chunks
            </th>
            {shown.map((stage) => (
              <th key={stage} scope="col" class="right">
                {STAGE_LOOKS[stage].word}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {counted.map(({ band, stages }) => (
            <tr key={band.tableId}>
              <th scope="row" class="name">
                <a href={href(['tables', band.tableId])}>{band.table}</a>
              </th>
              <td class="bar">
                <StageBar stages={stages} chunks={band.cells.length} />
              </td>
              <td class="right number">{count(band.cells.length)}</td>
              {shown.map((stage) => (
                <td key={stage} class="right number">
                  {stages[stage] === undefined ? '' : count(stages[stage])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function sumOf(counts: readonly Counts[]): Counts {
  const totals: Counts = {};
  for (const each of counts) for (const stage of STAGE_ORDER) totals[stage] = (totals[stage] ?? 0) + (each[stage] ?? 0);
  return totals;
}
