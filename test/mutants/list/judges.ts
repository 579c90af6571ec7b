/** Bugs of the judges: an oracle that is blind makes every test of an end state pass. */
import { type Mutant, mutant } from '../mutant.ts';

const ORACLE = 'packages/sandbox/src/oracle.ts';
const TESTS = ['packages/sandbox/src/oracle.test.ts'];

export const JUDGES: readonly Mutant[] = [
  mutant('oracle sees no row too many', {
    harm: 'doubled rows pass in every test and drill',
    file: ORACLE,
    from: 'extra: await count(`${targetSelect} EXCEPT ALL ${sourceSelect}`),',
    to: 'extra: await count(`${targetSelect} EXCEPT ${sourceSelect}`),',
    tests: TESTS,
  }),
  mutant('oracle sees no lost duplicate', {
    harm: 'a table with equal rows loses one of them and passes',
    file: ORACLE,
    from: 'missing: await count(`${sourceSelect} EXCEPT ALL ${targetSelect}`),',
    to: 'missing: await count(`${sourceSelect} EXCEPT ${targetSelect}`),',
    tests: TESTS,
  }),
  mutant('oracle takes live rows for hauled ones', {
    harm: 'a row that the haul lost is made up for by one that came by the live path',
    file: ORACLE,
    from: 'return chunks === undefined ? `${lineage} IS NOT NULL` :',
    to: 'return chunks === undefined ? `${lineage} IS NOT NULL OR TRUE` :',
    tests: TESTS,
  }),
  mutant('oracle looks at hauled rows instead of live ones', {
    harm: 'live rows that the haul changed or deleted are never compared (I11)',
    file: ORACLE,
    from: "if (targetRows === 'live') return `${lineage} IS NULL`;",
    to: "if (targetRows === 'live') return `${lineage} IS NULL AND FALSE`;",
    tests: TESTS,
  }),
];
