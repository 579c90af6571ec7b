/** The frame round every page: who, where, and whether what is shown is alive. */
import { useEffect } from 'preact/hooks';
import { ApiProblem, get, logOut, me, token } from './api.ts';
import { href } from './href.ts';
import { follow } from './live.ts';
import { PAGES, pageOf } from './pages/index.tsx';
import { LogIn } from './pages/log-in.tsx';
import { AskDialog } from './parts/ask.tsx';
import { Keys } from './parts/keys.tsx';
import { LinkState } from './parts/link-state.tsx';
import { Verdict } from './parts/verdict.tsx';
import { forgetAll, useResource } from './resource.ts';
import { place } from './router.ts';
import type { Me, Status } from './shapes.ts';

export function App() {
  return token.value === null ? <LogIn /> : <Frame key={token.value} />;
}

function Frame() {
  useEffect(() => {
    const stop = follow();
    const stopAsking = askWho();
    return () => {
      stopAsking();
      stop();
      forgetAll();
    };
  }, []);
  const page = pageOf(place.value.parts);
  useEffect(() => {
    // On a phone the pages are a row that is wider than the screen.
    document.querySelector('.rail [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [page]);
  const migration = me.value?.migration ?? '';
  useEffect(() => {
    document.title = `${page.title} · ${migration === '' ? 'lakehaul' : migration}`;
  }, [page, migration]);
  const status = useResource<Status>('/v1/status').value;
  const waiting = status.value === null ? 0 : quarantinedOf(status.value);
  return (
    <div class="frame">
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the page
      </button>
      <header class="top">
        <a class="brand" href={href([])} aria-label={`lakehaul ${migration}: overview`}>
          <span class="mark" aria-hidden="true" />
          <b>{migration === '' ? 'lakehaul' : migration}</b>
        </a>
        {status.value === null ? null : <Verdict verdict={status.value.decision.verdict} />}
        <LinkState />
        <button type="button" class="plain who" onClick={() => logOut('')} title="Log out: the token is forgotten">
          {me.value?.who.replace(/^(token|oidc):/, '') ?? '…'} <span class="quiet">log out</span>
        </button>
      </header>
      <nav class="rail" aria-label="Pages">
        {PAGES.map(({ path, title, letter }) => (
          <a
            key={path}
            href={href(path === '' ? [] : [path])}
            aria-current={page.path === path ? 'page' : undefined}
            title={`g ${letter}`}
          >
            {title}
            {path === 'quarantine' && waiting > 0 ? <span class="tally">{waiting}</span> : null}
          </a>
        ))}
      </nav>
      <main id="main" tabIndex={-1}>
        <page.Page />
      </main>
      <Keys />
      <AskDialog />
    </div>
  );
}

const ASK_AGAIN_MS = 1_000;

/** Until it is known: a service that has just started answers 503, and whoever reads would be offered nothing for good. */
function askWho(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const ask = async () => {
    // What went wrong is told by the pages, which ask the same service.
    const known = await get<Me>('/v1/me').then(
      ({ value }) => value,
      (thrown: unknown) => {
        // A role that sees nothing, as a reporter's: every page would say so, and no page could say anything else.
        if (thrown instanceof ApiProblem && thrown.problem.status === 403)
          logOut(`That token may look at nothing here: ${thrown.problem.detail}.`);
        return null;
      },
    );
    if (isOver) return;
    if (known === null) timer = setTimeout(() => void ask(), ASK_AGAIN_MS);
    else me.value = known;
  };
  void ask();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

function quarantinedOf({ tables }: Status): number {
  return tables.reduce((sum, { stages }) => sum + (stages.quarantined ?? 0), 0);
}
