/** Bugs of what people set while the fleet runs. */
import { type Mutant, mutant } from '../mutant.ts';

const CORE = 'packages/core/src/steering.test.ts';
const LOG = 'packages/ledger/src/steering-log.test.ts';
const WINDOW = 'packages/queue/src/window.test.ts';

export const STEERING: readonly Mutant[] = [
  mutant('steering: a job that waits already goes past a pause', {
    harm: 'an UNLOAD starts at the source although a person has paused it',
    file: 'packages/ledger/src/held-job.ts',
    from: 'return plan === null ? null : heldBy(',
    to: 'return plan !== null || plan === null ? null : heldBy(',
    tests: [LOG],
  }),
  mutant('steering: a request that comes again counts again', {
    harm: 'a repeated call pauses what somebody has resumed meanwhile',
    file: 'packages/ledger/src/steering-log.ts',
    from: 'if (repeated !== undefined) return this.#again(repeated, request.change);\n',
    to: '',
    tests: [LOG],
  }),
  mutant('steering: the second of two people overlooks the first', {
    harm: 'a change is answered as done and is in no record',
    file: 'packages/ledger/src/steering-log.ts',
    from: 'if (isMine) return { record, before, state: after, isChanged: true };',
    to: 'if (isMine || record !== null) return { record, before, state: after, isChanged: true };',
    tests: [LOG],
  }),
  mutant('steering: read once and for all', {
    harm: 'a service never hears of what is set after its start',
    file: 'packages/ledger/src/steering-log.ts',
    from: 'if (latest?.key !== this.#latest?.key) this.#latest = latest;',
    to: 'this.#latest ??= latest;',
    tests: [LOG],
  }),
  mutant('steering: a pause forgets the limit under it', {
    harm: 'resuming lets everything in at once at a source that was limited for a reason',
    file: 'packages/core/src/steering.ts',
    from: '{ ...before, pauses: [...before.pauses, pattern] };',
    to: '{ ...before, pauses: [...before.pauses, pattern], limits: [] };',
    tests: [CORE],
  }),
  mutant('steering: running jobs do not count against a new limit', {
    harm: 'as many again wait to start as run already',
    file: 'packages/queue/src/window.ts',
    from: 'inQueue: new Set(request.running)',
    to: 'inQueue: new Set<string>()',
    tests: [WINDOW],
  }),
];
