/** Bugs of the audit and of what it rests on: a stranger would be told that all is well. */
import { type Mutant, mutant } from '../mutant.ts';

const TAMPERING = 'test/audit/tampering.test.ts';
const PLANNED = 'test/audit/planned.test.ts';
const MERKLE = 'packages/audit/src/seals/merkle.test.ts';
const SEALS = 'packages/audit/src/check/check-seals.ts';

export const AUDIT: readonly Mutant[] = [
  mutant('audit: times left out of the leaves', {
    harm: 'a receipt is dated anew and its seal still fits: order and freshness can be forged',
    file: 'packages/audit/src/seals/merkle.ts',
    from: 'JSON.stringify([leaf.key, leaf.sha256, leaf.sizeBytes, leaf.lastModifiedMs])',
    to: 'JSON.stringify([leaf.key, leaf.sha256, leaf.sizeBytes])',
    tests: [MERKLE, TAMPERING],
  }),
  mutant('audit: a node can pass for a leaf', {
    harm: 'a second list of objects with the same root can be made up (RFC 6962, section 2.1)',
    file: 'packages/audit/src/seals/merkle.ts',
    from: 'const NODE = Buffer.from([1]);',
    to: 'const NODE = Buffer.from([0]);',
    tests: [MERKLE],
  }),
  mutant('audit: signature not judged', {
    harm: 'a seal that somebody else wrote is taken for ours',
    file: SEALS,
    from: '} else if (!valid) findings.add',
    to: '} else if (!valid && seal.number < 0) findings.add',
    tests: [TAMPERING],
  }),
  mutant('audit: anchors not compared', {
    harm: 'a ledger that was rewritten from its beginning, or cut at its end, passes',
    file: 'packages/audit/src/check/check-anchors.ts',
    from: 'for (const anchor of anchors) {',
    to: 'for (const anchor of anchors.slice(anchors.length)) {',
    tests: [TAMPERING],
  }),
  mutant('sealer: builds on any chain', {
    harm: 'a forged chain is vouched for by the honest key',
    file: 'packages/audit/src/seals/own-chain.ts',
    from: 'if (last !== null) await refuseForeign(deps, last);',
    to: '',
    tests: ['packages/audit/src/seals/own-chain.test.ts'],
  }),
  mutant('sealer: lost anchors made anew in silence', {
    harm: 'what was rewritten while nobody had the anchors is anchored as if it had always been so',
    file: 'packages/audit/src/seals/own-chain.ts',
    from: 'if (!isOfCrash) throw lost(deps, missing);',
    to: '',
    tests: ['packages/audit/src/seals/own-chain.test.ts'],
  }),
  mutant('audit: level not held against the plan', {
    harm: 'a chunk that was proven at a lower level than planned looks as proven as any',
    file: 'packages/audit/src/check/check-planned.ts',
    from: 'if (opened !== level) findings.add',
    to: "if (opened !== level && plan.level !== 'sampled') findings.add",
    tests: [PLANNED],
  }),
  mutant('audit: any column list will do', {
    harm: 'rows that were read from another table than was planned count as its own',
    file: 'packages/audit/src/check/check-columns.ts',
    from: 'if (!schemas.wasValid(columnListHash, planned, loaded.lastModifiedMs, receipt.lastModifiedMs))',
    to: 'if (columnListHash === "")',
    tests: [PLANNED],
  }),
  mutant('audit: acceptance not held against its quarantine', {
    harm: 'a forged acceptance of a chunk that never waited for a person passes',
    file: 'packages/audit/src/check/check-accepted.ts',
    from: "if (quarantined === undefined) wrong('the attempt was never quarantined');",
    to: 'if (quarantined === undefined) return;',
    tests: [PLANNED],
  }),
  mutant('audit: bodies of records not looked at', {
    harm: 'a damaged write log or stop passes, and what it would have said is not missed',
    file: 'packages/audit/src/check/check-records.ts',
    from: 'parseAs(shape, object.key, body);',
    to: '',
    tests: [PLANNED],
  }),
  // Number, digest and count each tell of a missing seal: only without all three it passes.
  {
    name: 'audit: chain of the seals not judged',
    harm: 'a seal is taken out of the chain together with what it vouched for',
    edits: [
      { file: SEALS, from: 'if (seal.number !== (previous?.number ?? 0) + 1)', to: 'if (seal.number < 0)' },
      { file: SEALS, from: 'else if (seal.previous !== (previous?.digest ?? null))', to: 'else if (seal.number < 0)' },
      {
        file: SEALS,
        from: 'if (seal.cumulativeLeaves !== (previous?.cumulativeLeaves ?? 0) + seal.leafCount)',
        to: 'if (seal.number < 0)',
      },
    ],
    tests: [TAMPERING],
  },
  mutant('audit: removed objects overlooked', {
    harm: 'a receipt that was sealed and is gone is not missed (I5)',
    file: SEALS,
    from: 'if (this.#leaves.seen < this.#leaves.size || this.#unmatched.size > 0) await this.#compareLeaves();',
    to: 'if (this.#unmatched.size > 0) await this.#compareLeaves();',
    tests: [TAMPERING],
  }),
  mutant('audit: back-dated objects overlooked', {
    harm: 'a receipt that is slipped in behind the seals counts as one that is not sealed yet',
    file: SEALS,
    from: 'if (object.lastModifiedMs < sealedUntilMs)',
    to: 'if (object.lastModifiedMs < 0)',
    tests: [TAMPERING],
  }),
  mutant('audit: sums not compared again', {
    harm: 'a proof with unequal sums passes whoever looks at it later',
    file: 'packages/audit/src/check/check-proof.ts',
    from: 'return own !== undefined && group.sum1 === own.sum1 && group.sum2 === own.sum2',
    to: 'return own !== undefined && group.sum1 === own.sum1',
    tests: ['packages/audit/src/check/check-proof.test.ts'],
  }),
  mutant('audit: NULL keys in no chunk', {
    harm: 'a plan without a NULL chunk passes the audit of I1',
    file: 'packages/audit/src/check/coverage.ts',
    from: "if (!this.#hasNull) this.#say('no chunk holds the rows with a NULL key');",
    to: '',
    tests: [TAMPERING, 'packages/audit/src/check/coverage.test.ts'],
  }),
  mutant('audit: gap between two chunks', {
    harm: 'a plan whose ranges leave rows out passes the audit of I1',
    file: 'packages/audit/src/check/coverage.ts',
    from: 'else if (top.from !== this.#end)',
    to: 'else if (top.from === "" && this.#end === "")',
    tests: [TAMPERING, 'packages/audit/src/check/coverage.test.ts'],
  }),
  mutant('audit: fence between attempts not judged', {
    harm: 'an attempt that loaded while an earlier one could still commit passes',
    file: 'packages/audit/src/check/check-chunk.ts',
    from: 'if (over === undefined || over.lastModifiedMs > write.lastModifiedMs)',
    to: 'if (over !== undefined && over.lastModifiedMs > write.lastModifiedMs + 1e12)',
    tests: ['packages/audit/src/check/check-chunk.test.ts'],
  }),
  mutant('diff read without its digest', {
    harm: 'rows of a diff that somebody changed are shown as what was found',
    file: 'packages/ledger/src/diffs.ts',
    from: 'if (digest !== sha256)',
    to: "if (digest === '')",
    tests: ['packages/ledger/src/records.test.ts'],
  }),
  mutant('late rows use up the budget of repairs', {
    harm: 'a chunk that is hauled anew because its rows changed is quarantined for being alive',
    file: 'packages/core/src/attempt-budget.ts',
    from: "'late-rows': true,",
    to: "'late-rows': false,",
    tests: ['packages/core/src/attempt-budget.test.ts'],
  }),
];
