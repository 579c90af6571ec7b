/** The console in a real browser, over a real control service, over the ledger of a small migration in the local clouds. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { StartedControl } from '@lakehaul/control';
import { startControl } from '@lakehaul/control';
import { must } from '@lakehaul/core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureConsole } from '../../services/control/web/build.ts';
import { findChromium, openBrowser } from '../support/browser.ts';
import { driver } from '../support/drive.ts';
import { BODIES } from '../support/ledger-world.ts';
import { type SmallTable, smallTable } from '../support/small-table.ts';
import { startWorld, type World } from '../support/world.ts';

const PEOPLE = { anna: ['operator', 'approver'], ben: ['approver'], vic: ['viewer'], rob: ['reporter'] } as const;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Of what a first visit loads, packed. */
const FIRST_LOAD_BYTES = 200_000;

const executable = findChromium();
let world: World;
let table: SmallTable;
let chunkCount: number;
let control: StartedControl;
let browser: Browser;
let built: string;
const contexts: BrowserContext[] = [];
/** What a page complained of, and whom it asked: nothing, and nobody but us. */
const complaints: string[] = [];

async function serve(port: number): Promise<StartedControl> {
  const { session } = table;
  const tokensFile = join(world.directory, 'tokens.yaml');
  const config = { ...session.config, control: { ...session.config.control, port, tokensFile, refreshEveryMs: 200 } };
  const count = { waiting: 3, active: 1, delayed: 0 };
  const queues = {
    counts: async () => ({ unload: count, load: count, verify: count }),
    bullQueues: [],
    concurrency: async () => ({ unload: 8, load: null, verify: null }),
  };
  const fail = (error: unknown) => void complaints.push(`control failed: ${String(error)}`);
  return startControl({ session: { ...session, config }, queues, fail });
}

beforeAll(async () => {
  if (executable === null) return;
  built = (await ensureConsole()).directory;
  world = await startWorld();
  const digest = (token: string) => createHash('sha256').update(token).digest('hex');
  const tokens = Object.entries(PEOPLE).map(([id, roles]) => ({ id, roles, sha256: digest(`token-of-${id}`) }));
  writeFileSync(join(world.directory, 'tokens.yaml'), JSON.stringify({ tokens }));
  table = await smallTable(world, { rows: 40, defaults: { level: 'carried', chunkBytes: '200B' } });
  const { session, ref } = table;
  await driver(session).drive({
    until: (stages) => [...stages.values()].filter((each) => each === 'verified').length > 1,
    batch: 2,
  });
  const [plan] = await session.ledger.readPlans();
  chunkCount = must(plan, 'plan').chunkCount;
  const last = { ...ref, chunk: chunkCount - 1 };
  await session.ledger.openAttempt(last, { attempt: 1, body: BODIES.opened, causedBy: null });
  await session.ledger.write({ ...last, attempt: 1 }, 'quarantined', BODIES.quarantined, null);
  control = await serve(0);
  browser = await openBrowser(executable);
});

afterEach(async () => {
  for (const context of contexts.splice(0)) {
    // A handler that is just answering would fail for a page that is gone, in nobody's test.
    for (const page of context.pages()) await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  }
  expect(complaints.splice(0)).toEqual([]);
});

afterAll(async () => {
  if (executable === null) return;
  await browser?.close();
  await control?.stop();
  await world?.[Symbol.asyncDispose]();
});

async function open(
  who: keyof typeof PEOPLE | '',
  { width = 1_440, colorScheme = 'light' }: { width?: number; colorScheme?: 'light' | 'dark' } = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, reducedMotion: 'reduce' });
  contexts.push(context);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const ours = `http://127.0.0.1:${control.port}/`;
  page.on('pageerror', (error) => void complaints.push(String(error.stack)));
  page.on('console', (message) => {
    // Chromium tells of every answer that is not 200; which ones may come is for the tests to say.
    if (message.type() === 'error' && !/Failed to load resource|ERR_/.test(message.text()))
      complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(ours)) complaints.push(`asked ${request.url()}`);
  });
  await page.goto(ours);
  if (who !== '') await logIn(page, who);
  return page;
}

async function logIn(page: Page, who: keyof typeof PEOPLE): Promise<void> {
  await page.getByLabel('Token').fill(`token-of-${who}`);
  await page.keyboard.press('Enter');
  await page.locator('.who', { hasText: who }).waitFor();
}

async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  await page.locator('main .panel').first().waitFor();
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
}

const PAGES = () => ({
  overview: '#/',
  'chunk map': '#/map',
  tables: '#/tables',
  table: `#/tables/${table.ref.tableId}`,
  'a trail': `#/chunks/${table.ref.tableId}/g1/0`,
  quarantine: '#/quarantine',
  queues: '#/queues',
  throttle: '#/throttle',
  gates: '#/gates',
  'how do you know': '#/gates/CHUNKS_NOT_PROVEN',
  settings: '#/settings',
  'no such page': '#/nowhere',
});

/** Milliseconds of forty frames in which the map is zoomed in and out, shortest first. */
const FRAMES = `(async () => {
  const times = [];
  let last = performance.now();
  for (let turn = 0; turn < 40; turn++) {
    const how = { clientX: 500, clientY: 400, bubbles: true, cancelable: true, deltaY: turn < 20 ? -120 : 120 };
    document.querySelector('canvas').dispatchEvent(new WheelEvent('wheel', how));
    await new Promise((done) => requestAnimationFrame(done));
    times.push(performance.now() - last);
    last = performance.now();
  }
  return times.sort((a, b) => a - b);
})()`;

/** Share of the map's pixels that are as dark as a proven chunk is in the light theme. */
const BRIGHTEST = `(async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const canvas = document.querySelector('canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let dark = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at] < 64 && data[at + 1] < 128) dark += 1;
  return dark / (data.length / 4);
})()`;

interface AxeFinding {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/** Serious and critical findings. Evaluated, not added as a script: the page's policy forbids those. */
async function findings(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(AXE);
  const violations = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations)",
  )) as AxeFinding[];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    );
}

describe.skipIf(executable === null)('the console', () => {
  it('a first visit loads less than 200 kB', () => {
    const assets = readdirSync(join(built, 'assets')).map((name) => `assets/${name}`);
    const sizes = ['index.html', ...assets].map((name) => gzipSync(readFileSync(join(built, name))).length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(total).toBeGreaterThan(10_000);
    expect(total).toBeLessThan(FIRST_LOAD_BYTES);
  });

  it('lets in who has a token, and keeps it in the tab alone', async () => {
    const page = await open('');
    await page.getByLabel('Token').fill('guessed');
    await page.keyboard.press('Enter');
    await page.getByText('That token is not known.').waitFor();
    await logIn(page, 'vic');
    await page.getByText('Are we all right?').waitFor();
    expect(await page.locator('.verdict.large').textContent()).toMatch(/^(HOLD|NO GO)$/);
    expect(await page.evaluate("[localStorage.length, document.cookie, location.href.includes('token')]")).toEqual([
      0,
      '',
      false,
    ]);
    await page.reload();
    await page.locator('.who', { hasText: 'vic' }).waitFor();
    await page.locator('.who').click();
    await page.getByLabel('Token').waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
  });

  it.each([
    { width: 1_440, colorScheme: 'light' },
    { width: 1_440, colorScheme: 'dark' },
    { width: 390, colorScheme: 'light' },
    { width: 390, colorScheme: 'dark' },
  ] as const)('every page is whole and usable by everybody at $width px, $colorScheme', async (look) => {
    const page = await open('anna', look);
    for (const [name, hash] of Object.entries(PAGES())) {
      await goTo(page, hash);
      const wider = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect(wider, name).toBeLessThanOrEqual(0);
      expect(await findings(page), name).toEqual([]);
      expect(await page.locator('p.problem:not(:empty)').allTextContents(), name).toEqual([]);
    }
  });

  it('axe can find something here', async () => {
    const page = await open('vic');
    await page.evaluate("document.querySelector('main').append(document.createElement('img'))");
    expect((await findings(page)).join()).toContain('image-alt');
  });

  it('a queue is paused in place, with a reason, once and recorded; it is resumed the same way', async () => {
    const page = await open('anna');
    await goTo(page, '#/queues');
    const unload = page.getByRole('region', { name: 'Queue unload' });
    await unload.getByRole('button', { name: 'Pause …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('listitem').getByText('pause unload of every table').waitFor();
    expect(await dialog.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true);
    await page.keyboard.type('month end at the source');
    await page.keyboard.press('Enter');
    await unload.getByText('Paused: nothing more starts.').waitFor();
    const changes = async () =>
      (await table.session.ledger.steering.changes()).map(({ body }) => [body.change, body.who, body.reason]);
    const paused = [{ action: 'pause', pattern: '*::unload' }, 'token:anna', 'month end at the source'];
    expect(await changes()).toEqual([paused]);
    await unload.getByRole('button', { name: 'Resume …' }).click();
    await dialog.getByRole('listitem').getByText('resume unload of every table').waitFor();
    await page.keyboard.type('it is over');
    await page.keyboard.press('Enter');
    await unload.getByText('Open.').waitFor();
    expect((await changes())[1]).toEqual([{ action: 'resume', pattern: '*::unload' }, 'token:anna', 'it is over']);
    await goTo(page, '#/settings');
    await page.getByRole('cell', { name: 'month end at the source' }).waitFor();
  });

  it('how do you know? opens what a reason rests on, and leads to the chunk', async () => {
    const page = await open('vic');
    await goTo(page, '#/gates');
    await page.getByRole('link', { name: 'How do you know? CHUNKS_QUARANTINED' }).click();
    await page.getByRole('heading', { name: 'Does no chunk wait for a person?' }).waitFor();
    const facts = page.getByRole('region', { name: 'How do you know?' });
    expect(await facts.textContent()).toMatch(/against it1 of \d+ chunksallowednoneobserved.+ago/);
    await page.getByRole('link', { name: /^g1\/\d+$/ }).click();
    await page.getByText('waits for a person').waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'Gates' }).first().waitFor();
  });

  it('the map is filtered by what went wrong last, and says so at the chunk', async () => {
    const page = await open('vic');
    await goTo(page, '#/map');
    await page.getByLabel('Cause').selectOption('ATTEMPTS_EXHAUSTED (1)');
    await page.waitForFunction(`location.hash.includes('cause=ATTEMPTS_EXHAUSTED')`);
    await page.locator('canvas').focus();
    // The quarantined one is the table's last.
    for (let step = 0; step < chunkCount; step++) await page.keyboard.press('ArrowRight');
    await page.getByText('· last ATTEMPTS_EXHAUSTED').waitFor();
  });

  it('the queues’ own board is led to only where it is served', async () => {
    const page = await open('vic');
    const board = page.getByRole('link', { name: 'Look into the queue store' });
    let status = 404;
    await page.route('**/queues-board/', (route) => route.fulfill({ status, body: '' }));
    await goTo(page, '#/queues');
    await page.getByText('Set by people').waitFor();
    expect(await board.count()).toBe(0);
    status = 200;
    await goTo(page, '#/gates');
    await goTo(page, '#/queues');
    await board.waitFor();
    expect(await board.getAttribute('href')).toBe('/queues-board/');
  });

  it('whoever may only look is offered nothing else', async () => {
    const page = await open('vic');
    for (const hash of ['#/queues', '#/quarantine', '#/settings', `#/tables/${table.ref.tableId}`]) {
      await goTo(page, hash);
      expect(await page.getByRole('button', { name: /…$/ }).allTextContents(), hash).toEqual([]);
    }
  });

  it('a list that goes on has a next page, and the way back', async () => {
    const page = await open('vic');
    // More proposals than a page holds would take minutes to make: the answers of two pages.
    const common = {
      action: 'accept',
      at: '2026-01-01T00:00:00Z',
      who: 'token:anna',
      chunks: [],
      drift: null,
      loss: null,
      decided: null,
    };
    await page.route('**/v1/proposals?*', (route) => {
      const isSecond = route.request().url().includes('cursor=second');
      const reason = isSecond ? 'an older one' : 'a newer one';
      const proposals = [{ ...common, proposal: isSecond ? 'b' : 'a', reason }];
      return route.fulfill({ json: { proposals, next: isSecond ? null : 'second' } });
    });
    await goTo(page, '#/quarantine');
    const pages = page.getByRole('navigation', { name: 'Pages of proposals' });
    await page.getByText('“a newer one”').waitFor();
    expect(await pages.getByRole('button', { name: 'Back' }).isDisabled()).toBe(true);
    await pages.getByRole('button', { name: 'Next' }).click();
    await page.getByText('“an older one”').waitFor();
    expect(await pages.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true);
    await pages.getByRole('button', { name: 'Back' }).click();
    await page.getByText('“a newer one”').waitFor();
  });

  it('whoever may look at nothing is told so once, and not let in', async () => {
    const page = await open('');
    await page.getByLabel('Token').fill('token-of-rob');
    await page.keyboard.press('Enter');
    await page.getByText('That token may look at nothing here: this is for viewer').waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
  });

  it('accepting takes two people: one proposes, who may not approve it, and another one does', async () => {
    const anna = await open('anna');
    await goTo(anna, '#/quarantine');
    await anna.getByRole('button', { name: 'Choose all' }).click();
    await anna.getByRole('button', { name: 'Propose to accept 1 …' }).click();
    await anna.getByText('Nothing is done before somebody else approves').waitFor();
    await anna.keyboard.type('a row of a test');
    await anna.keyboard.press('Enter');
    const approve = anna.getByRole('button', { name: 'Approve …' });
    await approve.waitFor();
    expect(await approve.isDisabled()).toBe(true);
    const ben = await open('ben');
    await goTo(ben, '#/quarantine');
    await ben.getByRole('button', { name: 'Approve …' }).click();
    await ben.getByText('taken unproven, now, in both your names').waitFor();
    await ben.keyboard.type('looked at it');
    await ben.keyboard.press('Enter');
    await ben.getByText('Approved by token:ben').waitFor();
    await ben.getByText('None. Nobody has to do anything here.').waitFor();
  });

  it('the map opens a chunk’s trail by keyboard, and the keys are told', async () => {
    const page = await open('vic');
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Chunk map').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.locator('canvas').focus();
    await page.keyboard.press('ArrowRight');
    await page.getByText(`f.${table.name} · g1/0 · verified · attempt 1 · level carried`).waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('All four agree, and so do the hashes.').waitFor();
    expect(await page.evaluate('location.hash')).toBe(`#/chunks/${table.ref.tableId}/g1/0`);
    await page.goBack();
    await page.locator('canvas').waitFor();
  });

  it('a million cells are drawn, zoomed and pointed at', async () => {
    const page = await open('vic');
    // The ledger here is small: the answer of a large one, drawn by the same code.
    const cells = Buffer.alloc(1_000_000, 22);
    for (let chunk = 600_000; chunk < cells.length; chunk++) cells[chunk] = 0;
    const FAILED = Array.from({ length: 10_000 }, (_, place) => place * 60);
    const plan = { tableId: 't', table: 'big.one', level: 'carried', generation: 1, firstChunk: 0 };
    const stages = [
      'planned',
      'opened',
      'unloaded',
      'loaded',
      'void',
      'counted',
      'verified',
      'mismatched',
      'quarantined',
      'accepted',
    ];
    await page.route('**/v1/map', (route) =>
      route.fulfill({
        json: {
          ...{ asOf: '2026-01-01T00:00:00Z', stages, causes: ['THROTTLED'], causesUnread: 0 },
          plans: [{ ...plan, cells: cells.toString('base64'), causes: [{ cause: 0, chunks: FAILED }] }],
        },
      }),
    );
    await goTo(page, '#/map');
    await page.getByRole('button', { name: 'verified 600,000' }).waitFor();
    const frames = (await page.evaluate(FRAMES)) as number[];
    // 17 ms where there is a display; a busy machine that draws in software is given more.
    expect(frames[20]).toBeLessThan(100);
    await page.locator('canvas').focus();
    await page.keyboard.press('ArrowRight');
    await page.getByText('big.one · g1/0 · verified').waitFor();
    // Filtered by what went wrong, it is as smooth; what is left out fades.
    const lit = () => page.evaluate(BRIGHTEST) as Promise<number>;
    const before = await lit();
    await page.getByLabel('Cause').selectOption('THROTTLED (10,000)');
    await page.waitForFunction(`location.hash.includes('cause=THROTTLED')`);
    const filtered = (await page.evaluate(FRAMES)) as number[];
    expect(filtered[20]).toBeLessThan(100);
    expect(await lit()).toBeLessThan(before / 2);
    await page.getByText('last THROTTLED').waitFor();
  });

  it('a stopped table is lifted in place: what would be done is told first, then it is done and recorded', async () => {
    const { stops } = table.session.ledger;
    const { tableId } = table.ref;
    const stop = { schemaVersion: 1, action: 'stop', code: 'SYSTEMIC_CAUSE', next: 'look', digest: 'd' } as const;
    await stops.append(tableId, null, { ...stop, reason: 'of a test', evidence: [] });
    const viewer = await open('vic');
    await viewer.getByText('Stopped: SYSTEMIC_CAUSE').waitFor();
    expect(await viewer.getByRole('button', { name: /^Lift/ }).count()).toBe(0);
    const page = await open('anna');
    await page.getByRole('button', { name: `Lift the stop of f.${table.name} …` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('list').getByRole('listitem').first().waitFor();
    expect((await stops.current(tableId))?.stop).not.toBeNull();
    await page.keyboard.type('the cause is gone');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    const lifted = (await stops.events(tableId)).at(-1)?.body;
    expect(lifted).toMatchObject({ action: 'resume', reason: 'the cause is gone', digest: 'd' });
    expect(lifted?.action === 'resume' ? lifted.who : '').toContain('anna');
    await page.getByText('Stopped: SYSTEMIC_CAUSE').waitFor({ state: 'detached' });
  });

  it('a lost connection is seen at once, what was told stays, and it comes back by itself', async () => {
    const page = await open('vic');
    await page.locator('.link', { hasText: 'live' }).waitFor();
    const { port } = control;
    await control.stop();
    await page.getByText(/last heard \d+ s ago/).waitFor({ timeout: 5_000 });
    expect(await page.locator('.verdict.large').count()).toBe(1);
    control = await serve(port);
    await page.locator('.link', { hasText: 'live' }).waitFor({ timeout: 15_000 });
  });

  it('a service that answers and cannot read the ledger is not told as live', async () => {
    const page = await open('vic');
    await page.locator('.link', { hasText: 'live' }).waitFor();
    await page.route(/\/v1\/(?!events)/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), 'lakehaul-ledger-age': '185' } });
    });
    await goTo(page, '#/gates');
    await page.locator('.link.lost', { hasText: 'ledger read 3 min' }).waitFor();
  });

  it('what no event tells is asked for all the same, while nothing moves', async () => {
    const page = await open('');
    await page.route('**/v1/events', (route) =>
      route.fulfill({ headers: { 'content-type': 'text/event-stream' }, body: ': still here\n\n' }),
    );
    await logIn(page, 'vic');
    await goTo(page, '#/gates');
    for (let time = 0; time < 2; time++) await page.waitForRequest(/\/v1\/gates/, { timeout: 5_000 });
  });

  it('who asks a service that has just started is asked for again, and then offered what they may do', async () => {
    const page = await open('');
    let refused = 0;
    await page.route('**/v1/me', (route) => {
      refused += 1;
      return refused > 1 ? route.continue() : route.fulfill({ status: 503, json: { code: 'NOT_READY' } });
    });
    await logIn(page, 'anna');
    expect(refused).toBeGreaterThan(1);
  });

  it('a link with a token counts on a page that is open already, and leaves nothing of it in the address', async () => {
    const page = await open('vic');
    await page.evaluate(`location.hash = '#token=${'0'.repeat(64)}'`);
    await page.getByText('token is not known').waitFor();
    expect(page.url()).not.toContain('token');
  });
});
