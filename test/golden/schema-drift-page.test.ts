import { DRIFT_POLICY } from '@lakehaul/operate';
import { expect, it } from 'vitest';

const ACTION = { accept: 'accepted and recorded', stop: 'the table stops' };
const ACCEPTANCE = {
  on: 'yes: the haul goes on',
  reopening: 'yes: every chunk is hauled again',
  no: 'no',
};

it('docs/schema-drift.md is the policy table (npx vitest run test/golden -u writes it)', async () => {
  const entries = DRIFT_POLICY.map(
    (policy) =>
      `## ${policy.kind}\n\n${sentence(policy.what)} At once: ${ACTION[policy.action]}. May a person accept it: ${ACCEPTANCE[policy.acceptance]}.\n\n- Why: ${policy.why}.\n- Next: ${policy.next}.\n`,
  );
  const page = `# Schema drift

What is done when the table at the source changes while it is hauled. Written from
\`packages/operate/src/drift/drift-policy.ts\` by \`test/golden/schema-drift-page.test.ts\`; do not edit.

The catalogue is compared with the plans every few minutes (\`drift.everyMs\`) by the planner, or by \`lakehaul run\`. A stopped
table opens no attempt any more; what is staged ends, what stands in the target stays as it is, and other tables go on. The
gate says \`SCHEMA_DRIFT\` (\`ROW_SECURITY\` for hidden rows). \`lakehaul tables\` shows it, and a person lifts it with
\`lakehaul tables resume TABLE --reason "…"\`, with \`--accept-drift\` where the table says that one may.

A change that comes and goes between two looks is caught by the UNLOAD itself: oid, names and types are hashed in its own
transaction, and rows read under a list that is neither planned nor accepted are never proven (\`SOURCE_SCHEMA_CHANGED\`).
It also asks for policies right before the UNLOAD: what was read under one is quarantined (\`ROW_SECURITY\`).
Nullability and collation are not in that hash: for those the watch is the only check.

The most serious change comes first; it names the stop.

${entries.join('\n')}`;
  await expect(page).toMatchFileSnapshot('../../docs/schema-drift.md');
});

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
