/** Tables, worst first, and one of them by its address. */
import { useState } from 'preact/hooks';
import { count } from '../format.ts';
import { href } from '../href.ts';
import { Told } from '../parts/panel.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { Share, StageBar } from '../parts/stage-bar.tsx';
import { TableState } from '../parts/table-state.tsx';
import { useResource } from '../resource.ts';
import { place } from '../router.ts';
import type { Status, TableStatus } from '../shapes.ts';
import { tableRank } from '../table-state.ts';
import { OneTable } from './table.tsx';

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
  const tables = [...status.tables].sort((a, b) => tableRank(a) - tableRank(b) || (a.table < b.table ? -1 : 1));
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
      {tables.length === 0 ? (
        <p class="empty">Nothing is planned yet: lakehaul plan.</p>
      ) : shown.length === 0 ? (
        <p class="empty">No table is like that.</p>
      ) : (
        <Rows tables={shown} />
      )}
    </section>
  );
}

function Rows({ tables }: { tables: readonly TableStatus[] }) {
  return (
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
          {tables.map((table) => (
            <tr key={table.tableId}>
              <th scope="row" class="name">
                <a href={href(['tables', table.tableId])}>{table.table}</a>
              </th>
              <td>
                <TableState table={table} />
              </td>
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
  );
}
