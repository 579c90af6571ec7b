import { asLakehaulError, type LakehaulError } from '@lakehaul/core';
import { printJson } from '../json/common.ts';
import { DOCTOR_JSON } from '../json/surroundings.ts';
import { problemJson, problemText } from '../print/problem.ts';
import { styled } from '../print/terminal.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb } from '../verb.ts';

export const doctor: Verb = {
  name: 'doctor',
  operands: '',
  summary: 'connect to everything and say what is missing; changes nothing but one probe object in the ledger',
  example: 'lakehaul doctor',
  flags: COMMON_FLAGS,
  json: [{ command: 'doctor', says: 'Each check with what it found.', shape: DOCTOR_JSON }],
  async run(call) {
    await using session = await openSession(call);
    const { clouds, ledger } = session;
    const checks: { name: string; check: () => Promise<string> }[] = [
      { name: 'source', check: async () => describe(await clouds.source.check()) },
      { name: 'stage', check: async () => describe(await clouds.stage.check()) },
      { name: 'ledger', check: () => probeLedger(ledger) },
      { name: 'target', check: async () => describe(await clouds.target.check()) },
    ];
    const results: { name: string; detail: string; error: LakehaulError | null }[] = [];
    for (const { name, check } of checks) {
      const result = await check().then(
        (detail) => ({ name, detail, error: null }),
        (thrown: unknown) => ({ name, detail: '', error: asLakehaulError(thrown) }),
      );
      results.push(result);
      if (call.flags['json'] === true) continue;
      if (result.error === null)
        call.terminal.out(`${styled(call.terminal, 'green', 'ok')}    ${name}: ${result.detail}`);
      else
        call.terminal.out(
          `${styled(call.terminal, 'red', 'FAIL')}  ${name}: ${problemText(call.terminal, result.error)}`,
        );
    }
    if (call.flags['json'] === true)
      printJson(call.terminal, DOCTOR_JSON, {
        checks: results.map(({ name, detail, error }) => ({
          name,
          isOk: error === null,
          detail,
          problem: error === null ? null : problemJson(error),
        })),
      });
    return results.every((result) => result.error === null) ? EXIT.done : EXIT.failed;
  },
};

function describe(facts: Record<string, string>): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** Create-once must really be create-once: every proof rests on it. */
async function probeLedger(ledger: {
  probeCreateOnce(): Promise<{ isCreateOnce: boolean; where: string }>;
}): Promise<string> {
  const probe = await ledger.probeCreateOnce();
  if (!probe.isCreateOnce)
    throw new Error(`${probe.where} lets a second writer overwrite an object: conditional writes are not honoured`);
  return `${probe.where}, conditional writes honoured`;
}
