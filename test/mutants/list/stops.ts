/** Bugs of what people decide about a table: lifting its stop, accepting a schema that changed, acknowledging a loss. */
import { type Mutant, mutant } from '../mutant.ts';

const STOPS = 'services/control/src/stops.test.ts';
const RESUME = 'services/planner/src/resume-table.test.ts';
const LOSSES = 'services/control/src/acknowledgements.test.ts';

export const STOP_BUGS: readonly Mutant[] = [
  mutant('stop: one person accepts a changed schema over the API', {
    harm: 'one stolen token has a table hauled that is another one, and its proofs speak for it',
    file: 'services/control/src/lift-stop.ts',
    from: 'planLift(deps, { ...request, acceptDrift: false })',
    to: 'planLift(deps, { ...request, acceptDrift: true })',
    tests: [STOPS],
  }),
  mutant('stop: an approval takes whatever the schema is by then', {
    harm: 'a column that nobody agreed to leave behind is left behind in two people’s names',
    file: 'services/control/src/proposals/accept-drift.ts',
    from: "if (plan.accepts?.digest !== schemaDigest) throw movedOn(tableId, 'the schema at the source is another one by now');",
    to: '',
    tests: [STOPS],
  }),
  mutant('stop: an approval lifts a later stop', {
    harm: 'a table that was stopped again goes on by a word that was said before',
    file: 'services/control/src/proposals/accept-drift.ts',
    from: "if (plan.stop.number !== stop.number) throw movedOn(tableId, 'the table was resumed and stopped again');",
    to: '',
    tests: [STOPS],
  }),
  mutant('stop: the digest of the stop that was looked at is not compared', {
    harm: 'hidden rows are lifted by somebody who read of a time zone',
    file: 'packages/operate/src/drift/resume-table.ts',
    from: 'if (digest === undefined || digest === stop.digest) return;',
    to: 'if (digest !== null) return;',
    tests: [STOPS],
  }),
  mutant('stop: lifted by what the last look knew', {
    harm: 'a chunk whose rows were hidden, begun since that look, stays as it is and is called verified',
    file: 'services/control/src/lift-stop.ts',
    from: '  await scan.refresh();\n  await scan.refresh();\n',
    to: '',
    tests: [STOPS],
  }),
  mutant('stop: any later word counts as one’s own', {
    harm: 'a request that came too late says that it lifted a stop that stands',
    file: 'packages/ledger/src/table-stops.ts',
    from: "return event.action === 'resume' && request !== undefined && event.request === request;",
    to: "return event.action === 'resume';",
    tests: [STOPS],
  }),
  mutant('stop: each try of a lift is an act of its own', {
    harm: 'after a crash a lift is refused as somebody else’s, or schema and lift are recorded twice',
    file: 'services/control/src/lift-stop.ts',
    from: 'performLift(deps, planned, { ...by, request: id,',
    to: 'performLift(deps, planned, { ...by, request: `${id}-${Math.random()}`,',
    tests: [STOPS],
  }),
  mutant('stop: accepted chunks of a swapped table stay', {
    harm: 'rows of a table that is gone stand in the target by a word about other rows',
    file: 'packages/operate/src/drift/resume-table.ts',
    from: 'const reopening = { reason, causedBy, reopensAccepted: true } as const;',
    to: 'const reopening = { reason, causedBy } as const;',
    tests: [STOPS],
  }),
  mutant('stop: a chunk without an unloaded receipt is taken for sound', {
    harm: 'rows that are unloaded while a policy hides others are loaded after the stop is lifted',
    file: 'packages/operate/src/drift/resume-table.ts',
    from: '(receipts[at]?.lastModifiedMs ?? Number.POSITIVE_INFINITY) >= soundMs',
    to: '(receipts[at]?.lastModifiedMs ?? Number.NEGATIVE_INFINITY) >= soundMs',
    tests: [RESUME],
  }),
  mutant('acknowledge: of a column that nothing is rounded in', {
    harm: 'a typing error is recorded as a word that holds nothing, and the chunks go on waiting',
    file: 'packages/operate/src/acknowledge.ts',
    from: 'if (roundings.includes(each)) return;',
    to: "if (each !== '') return;",
    tests: [LOSSES],
  }),
  mutant('acknowledge: whoever reads may propose', {
    harm: 'rounded numbers are called verified by somebody who may sign nothing',
    file: 'services/control/src/routes/acknowledgements.ts',
    from: "url: '/v1/tables/:table/acknowledge', permission: 'propose'",
    to: "url: '/v1/tables/:table/acknowledge', permission: 'read'",
    tests: [LOSSES],
  }),
  mutant('acknowledge: recorded by each try', {
    harm: 'one word stands in the ledger as many',
    file: 'packages/ledger/src/acknowledged.ts',
    from: 'if (records.some(({ body }) => body.request === by.request)) return;',
    to: '',
    tests: [LOSSES],
  }),
  mutant('acknowledge: a number out of range is said to need a word', {
    harm: 'people acknowledge and replay for ever what no word can help',
    file: 'packages/operate/src/acknowledge.ts',
    from: "if (inexact.some(({ outOfRange }) => outOfRange !== '0')) continue;",
    to: '',
    tests: [LOSSES],
  }),
];
