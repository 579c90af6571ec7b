import { type CheckResult, doctorChecks, runChecks } from '../doctor-checks.ts';
import { printJson } from '../json/common.ts';
import { DOCTOR_JSON } from '../json/surroundings.ts';
import { problemJson, problemText } from '../print/problem.ts';
import { styled } from '../print/terminal.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, exitCodeOf, type Verb } from '../verb.ts';

export const doctor: Verb = {
  name: 'doctor',
  operands: '',
  summary: 'connect to everything and say what is missing; changes nothing but one probe object in the ledger',
  example: 'lakehaul doctor',
  details: [
    'Exit code 3 where every check that is not ok was refused: a right, a bucket, a history that is not whole. Exit code 1',
    'where one could not be made at all (nobody answers): what it would have found is not known. Warnings change nothing.',
  ],
  flags: COMMON_FLAGS,
  json: [{ command: 'doctor', says: 'Each check with what it found.', shape: DOCTOR_JSON }],
  async run(call) {
    await using session = await openSession(call);
    const { terminal } = call;
    const isJson = call.flags['json'] === true;
    const results: CheckResult[] = [];
    for await (const result of runChecks(doctorChecks(session))) {
      results.push(result);
      if (isJson) continue;
      const { name, detail, error, warnings } = result;
      if (error === null) terminal.out(`${styled(terminal, 'green', 'ok')}    ${name}: ${detail}`);
      for (const { what, next } of warnings)
        terminal.out(`${styled(terminal, 'yellow', 'WARN')}  ${name}: ${what}\n        next: ${next}`);
      if (error !== null) terminal.out(`${styled(terminal, 'red', 'FAIL')}  ${name}: ${problemText(terminal, error)}`);
    }
    if (isJson)
      printJson(terminal, DOCTOR_JSON, {
        checks: results.map(({ name, detail, error, warnings }) => ({
          name,
          isOk: error === null,
          detail,
          warnings,
          problem: error === null ? null : problemJson(error),
        })),
      });
    return doctorExitCode(results);
  },
};

/** As any other verb would end with the same error; of several the lowest, since a failed check may hide a refusal. */
export function doctorExitCode(results: readonly Pick<CheckResult, 'error'>[]): number {
  const codes = results.flatMap(({ error }) => (error === null ? [] : [exitCodeOf(error.code)]));
  return codes.length === 0 ? EXIT.done : Math.min(...codes);
}
