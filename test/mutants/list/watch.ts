/** Bugs of the watch over the source: a write that nobody hears of leaves an old proof standing. */
import { type Mutant, mutant } from '../mutant.ts';

const SQL = 'packages/adapters/src/redshift/write-history-sql.ts';
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
    file: SQL,
    from: "UPPER(h.query_text) LIKE '%TRUNCATE%' OR ",
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
];
