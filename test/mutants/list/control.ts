/** Bugs of the control service: who may call it, and what a call that comes again does. */
import { type Mutant, mutant } from '../mutant.ts';

const ADMISSION = 'services/control/src/auth/admission.test.ts';
const AUTH = 'services/control/src/auth/auth.test.ts';
const CHANGES = 'services/control/src/changes.test.ts';
const PROPOSALS = 'services/control/src/proposals/proposals.test.ts';
const EVENTS = 'services/control/src/event-hub.test.ts';
const FUZZ = 'services/control/src/fuzz.test.ts';
const BOARD = 'services/control/src/queues-board/queues-board.test.ts';
const ANSWERS = 'services/control/src/answers.test.ts';
const CAUSES = 'services/control/src/chunk-causes.test.ts';
const GATES = 'packages/gates/src/evidence-gate.test.ts';

export const CONTROL: readonly Mutant[] = [
  mutant('control: whoever is known may do everything', {
    harm: 'a viewer stops a migration, or calls rows good',
    file: 'services/control/src/app.ts',
    from: 'if (permission !== undefined && !mayDo(principal, permission))',
    to: 'if (permission !== undefined && principal.roles.size === 0)',
    tests: [ADMISSION],
  }),
  mutant('control: a path that is not there answers before the token is asked for', {
    harm: 'a stranger finds out which tables and paths exist',
    file: 'services/control/src/app.ts',
    from: "if (permission === 'public') return;",
    to: "if (permission === 'public' || permission === undefined) return;",
    tests: [ADMISSION],
  }),
  mutant('control: a broken path is told to strangers', {
    harm: 'a stranger finds out which paths exist by how a broken one is refused',
    file: 'services/control/src/app.ts',
    from: '(isPath(url) ? url : NO_PATH)',
    to: 'url',
    tests: [ADMISSION],
  }),
  mutant('control: Basic is taken for changes', {
    harm: 'a foreign page lets the browser of an operator pause the migration',
    file: 'services/control/src/auth/authenticate.ts',
    from: ' || !SAFE_METHODS.has(method)) return null;',
    to: ') return null;',
    tests: [AUTH],
  }),
  mutant('control: an expired token lives on', {
    harm: 'who left the team goes on steering',
    file: 'services/control/src/auth/token-file.ts',
    from: ' && nowMs < known.expiresMs) found',
    to: ') found',
    tests: [AUTH],
  }),
  mutant('control: tokens of any audience', {
    harm: 'a token that the provider gave for another service opens this one',
    file: 'services/control/src/auth/oidc.ts',
    from: '        audience: config.audience,\n',
    to: '',
    tests: [AUTH],
  }),
  mutant('control: a key used again for another request', {
    harm: 'another change is answered as done and never made',
    file: 'services/control/src/once.ts',
    from: 'if (record.request === asked.request && record.bodySha256 === bodyDigest(asked)) return;',
    to: 'if (record.request === asked.request) return;',
    tests: [CHANGES],
  }),
  mutant('control: keys of all callers are one', {
    harm: 'one caller gets the answer of another one, and his change is not made',
    file: 'services/control/src/once.ts',
    from: '.update(JSON.stringify([who, key]))',
    to: ".update(JSON.stringify([who === '' ? '' : 'all', key]))",
    tests: [CHANGES],
  }),
  mutant('control: a repeated request is planned anew', {
    harm: 'after a crash a replay opens a second attempt of what it had opened already',
    file: 'services/control/src/once.ts',
    from: 'const plan = parseAs(change.planShape, record.key, record.body.plan);',
    to: 'const plan = earlier === null ? parseAs(change.planShape, record.key, record.body.plan) : await change.plan();',
    tests: [CHANGES],
  }),
  mutant('control: a planned attempt is opened whatever has happened since', {
    harm: 'an attempt that somebody else opened meanwhile is thrown away by one more',
    file: 'packages/ledger/src/reopen-chunks.ts',
    from: 'if (attempt === planned.attempt - 1 && ',
    to: 'if (attempt >= planned.attempt - 1 && ',
    tests: ['packages/ledger/src/reopen-chunks.test.ts', CHANGES],
  }),
  mutant('control: one approves what he proposed himself', {
    harm: 'one stolen token is enough to call rows good',
    file: 'services/control/src/proposals/proposals.ts',
    from: 'if (found.body.who === by.who)',
    to: "if (found.body.who === by.who && by.who === '')",
    tests: [PROPOSALS],
  }),
  mutant('control: acceptance of whatever attempt stands', {
    harm: 'rows that nobody looked at are called good',
    file: 'services/control/src/proposals/accept-chunks.ts',
    from: 'return acceptance.ref.attempt === ref.attempt ? acceptance : null;',
    to: 'return acceptance;',
    tests: [PROPOSALS],
  }),
  mutant('control: an identity provider that is away is asked by every token', {
    harm: 'each stranger holds a request for as long as the provider does not answer',
    file: 'services/control/src/auth/oidc.ts',
    from: 'if (deps.nowMs() < notBeforeMs) throw HELD_BACK;',
    to: '',
    tests: ['services/control/src/auth/auth.test.ts'],
  }),
  mutant('control: of several settings those before a refusal are not told', {
    harm: 'people read that nothing was set, while a pause is in force',
    file: 'services/control/src/steer.ts',
    from: 'if (made.length === 0 || !isRefusal(error)) throw error;',
    to: 'throw error;',
    tests: [CHANGES],
  }),
  mutant('control: one name takes every event connection', {
    harm: 'a page that connects without end leaves everybody else without news',
    file: 'services/control/src/event-hub.ts',
    from: '.length >= ofOne)',
    to: '.length >= this.#most)',
    tests: [EVENTS],
  }),
  mutant('control: a listener that comes back is told nothing of meanwhile', {
    harm: 'a console shows a queue as running that somebody has paused',
    file: 'services/control/src/event-hub.ts',
    from: 'const from = lastEventId === null ? snapshot.changes.length : lastEventId;',
    to: 'const from = snapshot.changes.length;',
    tests: [EVENTS],
  }),
  mutant('control: an answer out of date is told as unchanged', {
    harm: 'a dashboard shows a mismatch as proven for ever',
    file: 'services/control/src/read-model.ts',
    from: ".update(text).digest('base64url')",
    to: ".update(String(text.length)).digest('base64url')",
    tests: [ANSWERS],
  }),
  mutant('control: slots by what waits alone', {
    harm: 'the autoscaler takes workers away that watch running statements',
    file: 'services/control/src/desired-slots.ts',
    from: 'Math.max(active, Math.min(',
    to: 'Math.max(0, Math.min(',
    tests: [ANSWERS],
  }),
  mutant('control: slots for what the throttle holds back', {
    harm: 'the autoscaler starts pods that idle while the source is spared, and pays for them',
    file: 'services/control/src/desired-slots.ts',
    from: 'Math.min(roomOf(step, limits, paths), concurrency[step] ?? Number.MAX_SAFE_INTEGER)',
    to: 'roomOf(step, limits, paths)',
    tests: [ANSWERS],
  }),
  mutant('control: an unknown cursor is an error of ours', {
    harm: 'a bad link looks like an outage and wakes somebody',
    file: 'services/control/src/routes/chunks.ts',
    from: "throw new LakehaulError('REQUEST_INVALID', 'querystring/cursor: is none that a page gave', {",
    to: "throw new LakehaulError('INTERNAL', 'querystring/cursor: is none that a page gave', {",
    tests: [FUZZ],
  }),
  mutant('control: a quarantine is its own cause', {
    harm: 'the map says that attempts were used up, and not by what: nobody finds the chunks of one trouble',
    file: 'packages/operate/src/chunk-list.ts',
    from: "return receipts.findLast((receipt) => receipt.stage !== 'quarantined') ?? receipts.at(-1);",
    to: 'return receipts.at(-1);',
    tests: [CAUSES],
  }),
  mutant('control: a cause that is known is never looked at again', {
    harm: 'the map names a trouble that was over long ago for chunks that have another one now',
    file: 'services/control/src/chunk-causes.ts',
    from: 'if (before?.state === state) continue;',
    to: 'if (before !== undefined) continue;',
    tests: [CAUSES],
  }),
  mutant('control: the second page of a gate’s findings begins at the first', {
    harm: 'whoever reads the evidence of many tables sees the same twenty again, and never the others',
    file: 'packages/operate/src/gate-evidence.ts',
    from: 'idOf(each) > page.after)',
    to: "idOf(each) >= '')",
    tests: [ANSWERS],
  }),
  mutant('gates: what nothing can answer is told as passed', {
    harm: 'people read that the source is unwritten where nobody ever looked',
    file: 'packages/gates/src/evidence-gate.ts',
    from: "isPassed ? (notAsked === null ? 'PASS' : 'NOT_ASKED') : gate.failing",
    to: "isPassed ? 'PASS' : gate.failing",
    tests: [GATES],
  }),
  mutant('gates: a table whose writes are not known counts as unwritten', {
    harm: 'the evidence of a switch says that all tables are unwritten, and a gap hides what was',
    file: 'packages/gates/src/write-gates.ts',
    from: "isKnown: ({ writes }) => writes?.kind !== 'gap',",
    to: 'isKnown: () => true,',
    tests: [GATES],
  }),
  mutant('queues board: takes more than GET', {
    harm: 'jobs are thrown away or run again past the ledger, by whoever may read',
    file: 'services/control/src/queues-board/board-routes.ts',
    from: '...{ ...common, url: `${BOARD_PATH}${route}` },',
    to: "...{ ...common, method: ['GET', 'PUT'], url: `${BOARD_PATH}${route}` },",
    tests: [BOARD],
  }),
  mutant('queues board: open to everybody', {
    harm: 'a stranger reads which tables are hauled, and by which workers',
    file: 'services/control/src/queues-board/board-routes.ts',
    from: "config: { permission: 'read' }",
    to: "config: { permission: 'public' }",
    tests: [BOARD],
  }),
  mutant('queues board: the store’s own words are told', {
    harm: 'an address with a password stands in an answer',
    file: 'services/control/src/queues-board/board.ts',
    from: "return new LakehaulError('QUEUE_UNAVAILABLE', 'the queue store does not answer');",
    to: "return new LakehaulError('QUEUE_UNAVAILABLE', reason);",
    tests: [BOARD],
  }),
  mutant('queues board: questions pile up while the store hangs', {
    harm: 'open pages fill the memory of the service until the API is gone',
    file: 'services/control/src/queues-board/board.ts',
    from: 'if (this.#waiting >= MOST_AT_ONCE)',
    to: 'if (this.#waiting < 0)',
    tests: [BOARD],
  }),
  mutant('control: both ways in stand in one line', {
    harm: 'Chromium asks nobody for a password, and people paste tokens into addresses',
    file: 'services/control/src/app.ts',
    from: `['Bearer realm="lakehaul"', 'Basic realm="lakehaul", charset="UTF-8"']`,
    to: `'Bearer realm="lakehaul", Basic realm="lakehaul", charset="UTF-8"'`,
    tests: [BOARD],
  }),
];
