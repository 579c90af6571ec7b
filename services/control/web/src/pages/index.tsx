/** The pages in the order in which people ask. `letter` follows `g`. */
import type { FunctionComponent } from 'preact';
import { ChunkPage } from './chunk.tsx';
import { GatesPage } from './gates.tsx';
import { MapPage } from './map.tsx';
import { Overview } from './overview.tsx';
import { QuarantinePage } from './quarantine.tsx';
import { QueuesPage } from './queues.tsx';
import { SettingsPage } from './settings.tsx';
import { Tables } from './tables.tsx';
import { ThrottlePage } from './throttle.tsx';

export interface PageEntry {
  path: string;
  title: string;
  letter: string;
  Page: FunctionComponent;
}

export const PAGES: readonly PageEntry[] = [
  { path: '', title: 'Overview', letter: 'o', Page: Overview },
  { path: 'map', title: 'Chunk map', letter: 'm', Page: MapPage },
  { path: 'tables', title: 'Tables', letter: 't', Page: Tables },
  { path: 'quarantine', title: 'Quarantine', letter: 'w', Page: QuarantinePage },
  { path: 'queues', title: 'Queues', letter: 'q', Page: QueuesPage },
  { path: 'throttle', title: 'Throttle', letter: 'h', Page: ThrottlePage },
  { path: 'gates', title: 'Gates', letter: 'd', Page: GatesPage },
  { path: 'settings', title: 'Settings', letter: 's', Page: SettingsPage },
];

/** Reached from others only. */
const CHUNK: PageEntry = { path: 'chunks', title: 'Trail', letter: '', Page: ChunkPage };

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
  return [...PAGES, CHUNK].find(({ path }) => path === (parts[0] ?? '')) ?? NOWHERE;
}
