/** The pages in the order in which people ask. `letter` follows `g`. */
import type { FunctionComponent } from 'preact';
import { Overview } from './overview.tsx';

export interface PageEntry {
  path: string;
  title: string;
  letter: string;
  Page: FunctionComponent;
}

export const PAGES: readonly PageEntry[] = [{ path: '', title: 'Overview', letter: 'o', Page: Overview }];

const NOWHERE: PageEntry = {
  path: 'nowhere',
  title: 'No such page',
  letter: '',
  Page: () => (
    <section class="panel">
      <h1>No such page</h1>
      <p>
        <a href="#/">Back to the overview</a>
      </p>
    </section>
  ),
};

export function pageOf(parts: readonly string[]): PageEntry {
  return PAGES.find(({ path }) => path === (parts[0] ?? '')) ?? NOWHERE;
}
