import { ERROR_CODES } from '@lakehaul/core';
import { expect, it } from 'vitest';

const WHAT: Record<string, string> = {
  retry: 'tried again by itself',
  backpressure: 'tried again later, not counted as a failure',
  reopen: 'the attempt ends, a new one starts from the source',
  quarantine: 'the chunk waits for a person',
  stop: 'the run stops: only a person can settle it',
  refuse: 'refused before anything is changed',
};

it('deploy/runbook/errors.md is the table of error codes (npx vitest run test/golden -u writes it)', async () => {
  const entries = Object.entries(ERROR_CODES).map(
    ([code, entry]) =>
      `## ${code}\n\n${entry.doc}\n\n- What happens: ${WHAT[entry.disposition]}.\n- Next: ${entry.next}\n`,
  );
  const page = `# Error codes\n\nWritten from \`packages/core/src/errors.ts\` by the golden test; do not edit.\n\n${entries.join('\n')}`;
  await expect(page).toMatchFileSnapshot('../../deploy/runbook/errors.md');
});
