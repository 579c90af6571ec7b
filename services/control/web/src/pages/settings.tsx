/** What is set, and who set it when and why. */
import { count } from '../format.ts';
import { Panel, Told } from '../parts/panel.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { useResource } from '../resource.ts';
import type { Settings } from '../shapes.ts';
import { changeWords, patternWords } from '../steer.tsx';
import { SetByPeople } from './queues.tsx';

export function SettingsPage() {
  const settings = useResource<Settings>('/v1/settings').value;
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
              limitsInForce.length === 0 ? (
                <p class="empty">None.</p>
              ) : (
                <ul class="rows">
                  {limitsInForce.map(({ pattern, max }) => (
                    <li key={`${pattern} ${max}`}>
                      <span>{patternWords(pattern)}</span>
                      <span class={max === 0 ? 'bad' : 'number'}>{max === 0 ? 'paused' : `at most ${count(max)}`}</span>
                    </li>
                  ))}
                </ul>
              )
            }
          </Told>
        </Panel>
      </div>
      <Panel title="Changes, newest first">
        <Told shown={settings}>{({ changes }) => <Changes changes={changes} />}</Told>
      </Panel>
    </div>
  );
}

function Changes({ changes }: Pick<Settings, 'changes'>) {
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
          {changes.toReversed().map(({ at, who, reason, change }) => (
            <tr key={`${at} ${change.action} ${change.pattern}`}>
              <td class="number">{at.replace('T', ' ').replace(/\.\d+Z$/, '')}</td>
              <td>{who}</td>
              <td>{changeWords(change)}</td>
              <td class="free">{reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
