import { LakehaulError } from '@lakehaul/core';
import { readLedger } from '@lakehaul/fleet';
import { byTable, type Seal } from '@lakehaul/ledger';
import { findPlans } from '@lakehaul/operate';
import { sealTable } from '@lakehaul/verifier';
import { printJson } from '../json/common.ts';
import { SEAL_JSON } from '../json/status.ts';
import { counted } from '../print/units.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, type Verb } from '../verb.ts';

export const seal: Verb = {
  name: 'seal',
  operands: '[TABLE]',
  summary: 'one scan over each table: no chunk missing, doubled, stale or foreign',
  example: 'lakehaul seal public.flights',
  flags: COMMON_FLAGS,
  json: [{ command: 'seal', says: 'One seal a table, whole or with its faults.', shape: SEAL_JSON }],
  async run(call) {
    await using session = await openSession(call);
    const { plans, scan } = await readLedger(session.ledger);
    const [name] = call.operands;
    const chosen = name === undefined ? plans : findPlans(plans, name);
    if (chosen.length === 0) throw new LakehaulError('USAGE', 'nothing is planned yet', { next: 'lakehaul plan' });
    const seals: Seal[] = [];
    for (const generations of byTable(chosen))
      seals.push(
        await sealTable({ ledger: session.ledger, target: session.clouds.target }, generations, scan, session.log),
      );
    if (call.flags['json'] === true) printJson(call.terminal, SEAL_JSON, { seals: seals.map(shown) });
    else
      for (const each of seals) {
        call.terminal.out(
          `${each.tableId}: ${each.isSealed ? 'sealed' : counted(each.faultCount, 'fault')}, ${counted(each.rowCount, 'row')} in ${counted(each.chunks, 'chunk')} at target version ${each.targetVersion}`,
        );
        for (const fault of each.faults) call.terminal.out(`  ${fault.kind}  ${fault.message}`);
      }
    return seals.every((each) => each.isSealed) ? EXIT.done : EXIT.notProven;
  },
};

/** Its duration is for the cost. */
function shown({ durationMs: _, ...told }: Seal): Omit<Seal, 'durationMs'> {
  return told;
}
