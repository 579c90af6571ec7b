/** What is set, and who set it when and why. */
import { cursorQuery, Pager, usePages } from '../parts/pager.tsx';
import { Panel, Told } from '../parts/panel.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { LimitRows, SetByPeople } from '../parts/set-in-place.tsx';
import { useResource } from '../resource.ts';
import type { Changes, Settings } from '../shapes.ts';
import { changeWords } from '../steer.tsx';

export function SettingsPage() {
  const settings = useResource<Settings>('/v1/settings').value;
  const pages = usePages('changes');
  const changes = useResource<Changes>(`/v1/settings/changes${cursorQuery(pages)}`).value;
  return (
    <div class="page">
      <h1>Settings</h1>
      <div class="columns">
        <Panel title="Set by people">
          <Told shown={settings}>{({ steering }) => <SetByPeople steering={steering} />}</Told>
        </Panel>
        <Panel title="Limits in force" aside="the configuration’s and those set here">
          <Told shown={settings}>
            {({ limitsInForce }) =>
              limitsInForce.length === 0 ? <p class="empty">None.</p> : <LimitRows limits={limitsInForce} />
            }
          </Told>
        </Panel>
      </div>
      <Panel title="Changes, newest first">
        <Told shown={changes}>
          {({ changes, next }) => (
            <>
              <ChangeRows changes={changes} />
              <Pager pages={pages} next={next} label="changes" />
            </>
          )}
        </Told>
      </Panel>
    </div>
  );
}

function ChangeRows({ changes }: Pick<Changes, 'changes'>) {
  if (changes.length === 0) return <p class="empty">Nobody changed anything.</p>;
  return (
    <Scroll label="Changes of settings">
      <table class="wide-rows">
        <thead>
          <tr>
            <th scope="col">when, UTC</th>
            <th scope="col">who</th>
            <th scope="col">what</th>
            <th scope="col">why</th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ at, who, reason, change }) => (
            <tr key={`${at} ${change.action} ${change.pattern}`}>
              <td class="number">{at.replace('T', ' ').replace(/\.\d+Z$/, '')}</td>
              <td>{who}</td>
              <td class="free">{changeWords(change)}</td>
              <td class="free">{reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
