/** Bugs of the watch over the source: a write that nobody hears of leaves an old proof standing. */
import { type Mutant, mutant } from '../mutant.ts';

const SQL = 'packages/adapters/src/redshift/write-history-sql.ts';
const WATCH_DIRECTORY = 'services/planner/src/watch';
const WATCHED = ['test/faults/watched-source.test.ts'];
const TESTS = ['packages/adapters/src/redshift/probe.sandbox.test.ts'];

export const WATCH: readonly Mutant[] = [
  mutant('watcher ignoring deletes', {
    harm: 'a row that was deleted at the source stays in the target, and its chunk stays proven',
    file: SQL,
    from: "d.step_name IN ('insert','delete')",
    to: "d.step_name IN ('insert')",
    tests: TESTS,
  }),
  mutant('watcher ignoring TRUNCATE', {
    harm: 'a table that was emptied at the source counts as unwritten: TRUNCATE leaves no step in the history',
    file: 'packages/adapters/src/redshift/write-history.ts',
    from: "!said.includes('truncate') && ",
    to: '',
    tests: TESTS,
  }),
  mutant('window of the watcher by the start of statements', {
    harm: 'a statement that began before the window and ended in it falls into none',
    file: SQL,
    from: 'return `h.end_time >= ${literal(from)} AND h.end_time < ${literal(to)} AND',
    to: 'return `h.start_time >= ${literal(from)} AND h.end_time < ${literal(to)} AND',
    tests: ['packages/adapters/src/redshift/write-history-sql.test.ts'],
  }),
  mutant('a write counts by its statement’s end, not by its commit', {
    harm: 'a row that was committed after the snapshot is missed, and the evidence passes',
    file: 'services/planner/src/watch/fold-sample.ts',
    from: "if (at === 'open') pending.set(",
    to: "if (at === 'open') for (const oid of write.oids) note(oid, write.lastAt, write.kinds);\n    else if (false) pending.set(",
    tests: ['services/planner/src/watch/fold-sample.test.ts'],
  }),
  mutant('failed look taken for one without writes', {
    harm: 'a history that cannot be read counts as one in which nobody wrote, and its window is never read again',
    file: `${WATCH_DIRECTORY}/sample-writes.ts`,
    from: 'await deps.source.sampleWrites(request);',
    to: 'await deps.source.sampleWrites(request).catch(() => ({ readAt: window.to, writes: [], open: [], outcomes: new Map(), outcomesReadable: true, displaced: [] }));',
    tests: WATCHED,
  }),
  mutant('mark beyond what the history has heard of', {
    harm: 'a write of the last minutes is in no window: the history told of it after the mark had passed it',
    file: `${WATCH_DIRECTORY}/sample-writes.ts`,
    from: 'const to = addMs(clock.now, -deps.lagMs);',
    to: 'const to = clock.now;',
    tests: WATCHED,
  }),
  mutant('gap of the write log dropped', {
    harm: 'what was written while nobody looked for a week is forgotten, and the old proof stands',
    file: `${WATCH_DIRECTORY}/sample-writes.ts`,
    from: 'const isGap = before !== null && before.to < reach;',
    to: 'const isGap = false;',
    tests: WATCHED,
  }),
  mutant('probe ignoring deletes', {
    harm: 'a chunk that has fewer rows at the source than were proven stays proven',
    file: `${WATCH_DIRECTORY}/probe-difference.ts`,
    from: '  if (rows !== now.rowCount) return',
    to: '  if (BigInt(now.rowCount) < BigInt(rows)) return null;\n  if (rows !== now.rowCount) return',
    tests: [`${WATCH_DIRECTORY}/probe-difference.test.ts`],
  }),
  mutant('probe compares counts only', {
    harm: 'an update at the source that keeps the counts is never found',
    file: 'services/planner/src/watch/probe-difference.ts',
    from: "if (rows === '0') return null;",
    to: "if (rows !== '-1') return null;",
    tests: ['services/planner/src/watch/probe-difference.test.ts'],
  }),
  mutant('NULL chunk left out of the probe', {
    harm: 'a late row without a key is found by nobody',
    file: `${WATCH_DIRECTORY}/proven-chunks.ts`,
    from: '    for await (const chunk of deps.ledger.chunks(plan)) {',
    to: "    for await (const chunk of deps.ledger.chunks(plan)) {\n      if (chunk.parts[0]?.kind === 'null') continue;",
    tests: WATCHED,
  }),
  mutant('chunk opened for late rows without the observation', {
    harm: 'an attempt that read the source before the late rows is adopted as their cure',
    file: `${WATCH_DIRECTORY}/reopen-changed.ts`,
    from: 'observedAt: new Date(record.lastModifiedMs).toISOString(),',
    to: 'observedAt: null,',
    tests: WATCHED,
  }),
  mutant('chunk with a row too long to be joined taken for equal', {
    harm: 'its sums say nothing, and a late row in it is found by nobody',
    file: `${WATCH_DIRECTORY}/probe-table.ts`,
    from: '(each) => tooLong.has(each) || probeDifference(',
    to: '(each) => !tooLong.has(each) && probeDifference(',
    tests: WATCHED,
  }),
  mutant('chunk with a row too long to be joined opened in the form that cannot hold it', {
    harm: 'every attempt of it fails until none is left',
    file: `${WATCH_DIRECTORY}/reopen-changed.ts`,
    from: "hashForm: hasTooLongRow ? 'digest' : proven.proof.hashForm,",
    to: 'hashForm: proven.proof.hashForm,',
    tests: WATCHED,
  }),
  mutant('log that ends before the newest proof taken for enough', {
    harm: 'a row that moved from a chunk read late to one read early is in neither, and the evidence passes until the history tells',
    file: 'packages/operate/src/status-report.ts',
    from: 'isPastNewestProof: reachMs(sample) > newestReceiptMs(scan, plans),',
    to: 'isPastNewestProof: true,',
    tests: ['test/faults/watched-source.test.ts'],
  }),
  mutant('what moved on while the probe looked left alone', {
    harm: 'a chunk that was hauled again while it was probed counts as proven as of the probe, whatever its attempt read',
    file: `${WATCH_DIRECTORY}/probe-table.ts`,
    from: ' || deps.scan.state(ref).attempt !== each.attempt;',
    to: ';',
    tests: WATCHED,
  }),
  {
    name: 'table clean as of a probe before its chunks are open',
    harm: 'a crash between the two leaves chunks that differ proven, and nobody probes again',
    edits: [
      {
        file: `${WATCH_DIRECTORY}/probe-table.ts`,
        from: '  const reopened = await reopenChanged(deps, record, due);\n',
        to: '',
      },
      {
        file: `${WATCH_DIRECTORY}/probe-table.ts`,
        from: "  deps.log.info('table probed', {",
        to: "  const reopened = await reopenChanged(deps, record, due);\n  deps.log.info('table probed', {",
      },
    ],
    tests: WATCHED,
  },
];
