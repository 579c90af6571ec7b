/** The rows in which a chunk differed: asked for only when somebody who may see them says so, and kept nowhere. */
import { useState } from 'preact/hooks';
import { ApiProblem, get } from '../api.ts';
import { count, time } from '../format.ts';
import type { Diff } from '../shapes.ts';
import { Panel } from './panel.tsx';
import { Scroll } from './scroll.tsx';

export function DiffRows({ path }: { path: string }) {
  const [diff, setDiff] = useState<Diff | null>(null);
  const [problem, setProblem] = useState('');
  const show = async (redact: boolean) => {
    setProblem('');
    try {
      setDiff((await get<Diff>(`${path}/diff?redact=${redact}`)).value);
    } catch (thrown) {
      setProblem(thrown instanceof ApiProblem ? thrown.problem.detail : 'The service does not answer.');
    }
  };
  return (
    <Panel title="Rows that differed" aside="values of your tables; each look is in the log">
      <p class="actions">
        <button type="button" onClick={() => void show(false)}>
          Show the rows
        </button>
        <button type="button" onClick={() => void show(true)}>
          Show them hashed
        </button>
        {diff === null ? null : (
          <button type="button" onClick={() => setDiff(null)}>
            Hide
          </button>
        )}
      </p>
      {problem === '' ? null : (
        <p class="bad" role="alert">
          {problem}
        </p>
      )}
      {diff?.mismatches.length === 0 ? <p class="empty">It never differed.</p> : null}
      {diff?.mismatches.map((each) => (
        <Mismatch key={`${each.attempt} ${each.at}`} mismatch={each} />
      ))}
    </Panel>
  );
}

function Mismatch({ mismatch }: { mismatch: Diff['mismatches'][number] }) {
  const { attempt, at, rows, rowsNext, isTruncated } = mismatch;
  return (
    <>
      <h3>
        attempt {attempt}, {time(at)}: {count(rows?.length ?? 0)} rows named
      </h3>
      {rows === null ? <p class="quiet">{rowsNext}</p> : null}
      {rows === null || rows.length === 0 ? null : (
        <Scroll label="Rows that differed">
          <table>
            <thead>
              <tr>
                <th scope="col">row</th>
                <th scope="col">key</th>
                <th scope="col">column</th>
                <th scope="col">source</th>
                <th scope="col">target</th>
              </tr>
            </thead>
            <tbody>
              {rows.flatMap((row, number) =>
                (row.columns.length === 0 ? [null] : row.columns).map((column, index) => (
                  <tr key={`${number} ${column?.name ?? ''}`}>
                    <td>{index === 0 ? row.kind : ''}</td>
                    <td>{index === 0 ? keyText(row.key) : ''}</td>
                    <td>{column?.name ?? ''}</td>
                    <td>{column === null ? '' : <Value value={column.source} />}</td>
                    <td>{column === null ? '' : <Value value={column.target} />}</td>
                  </tr>
                )),
              )}
            </tbody>
          </table>
        </Scroll>
      )}
      {isTruncated ? <p class="quiet">The list is cut (services.diffRows); the counts are complete.</p> : null}
    </>
  );
}

function Value({ value }: { value: string | null }) {
  return value === null ? <span class="quiet">NULL</span> : <code>{value}</code>;
}

function keyText(key: Readonly<Record<string, string | null>>): string {
  return Object.entries(key)
    .map(([name, value]) => `${name} = ${value ?? 'NULL'}`)
    .join(', ');
}
