/** Chunks of a table in key order, page by page. */
import { useState } from 'preact/hooks';
import { chunkHref } from '../href.ts';
import { useResource } from '../resource.ts';
import type { ChunkPage } from '../shapes.ts';
import { STAGE_ORDER } from '../stage-look.ts';
import { cursorQuery, Pager, usePages } from './pager.tsx';
import { Told } from './panel.tsx';
import { Scroll } from './scroll.tsx';
import { StageTag } from './stage-bar.tsx';

const SHOWN = '25';

export function ChunkList({ table }: { table: string }) {
  const [stage, setStage] = useState('');
  const pages = usePages(`${table} ${stage}`);
  const page = useResource<ChunkPage>(`/v1/chunks${cursorQuery(pages, { table, limit: SHOWN, stage })}`).value;
  return (
    <section class="panel" aria-label="Chunks">
      <header>
        <h2>Chunks</h2>
        <div class="aside">
          <select aria-label="Stage" value={stage} onChange={(event) => setStage(event.currentTarget.value)}>
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
            <Pager pages={pages} next={next} label="chunks" />
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
