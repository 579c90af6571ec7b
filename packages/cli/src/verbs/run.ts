import { asLakehaulError } from '@lakehaul/core';
import { statusJson } from '@lakehaul/operate';
import { type MigrationPlan, planDeps, planMigration, writeMigrationPlan } from '@lakehaul/planner';
import { openQueueStore } from '@lakehaul/queue';
import { Cleanup } from '../cleanup.ts';
import { runFleet } from '../fleet.ts';
import { printJson } from '../json/common.ts';
import { PLAN_JSON } from '../json/plan.ts';
import { RUN_JSON } from '../json/status.ts';
import { planText } from '../print/plan.ts';
import { problemText } from '../print/problem.ts';
import { ProgressLine } from '../print/progress.ts';
import { statusText } from '../print/status.ts';
import { serveControl } from '../serve-control.ts';
import { openSession } from '../session.ts';
import { COMMON_FLAGS, EXIT, logLevel, type Verb, type VerbCall } from '../verb.ts';
import { planJson } from './plan.ts';

export const run: Verb = {
  name: 'run',
  operands: '',
  summary: 'plan what is not planned, then haul, prove, repair and seal until all is done',
  example: 'lakehaul run --config lakehaul.yaml',
  details: [
    'Planner, workers and verifier run in this process; in a cluster each is a service of its own.',
    'Ctrl-C drains; the same command goes on where it stopped.',
  ],
  flags: [
    ...COMMON_FLAGS,
    {
      name: 'log',
      value: 'LEVEL',
      doc: 'JSON log lines on stderr from this level on: debug, info, warn, error',
      default: 'error',
    },
    { name: 'dry-run', doc: 'print exactly the steps; change nothing' },
    { name: 'serve', doc: 'serve the API and the console as well, by the section control of lakehaul.yaml' },
    { name: 'yes', doc: 'do not ask before the first change at the target' },
  ],
  json: [
    { command: 'run', says: 'Where everything stands when the run ends.', shape: RUN_JSON },
    {
      command: 'run --dry-run',
      says: 'As plan --dry-run. Also what run prints when something stands against the plan.',
      shape: PLAN_JSON,
    },
  ],
  async run(call) {
    await using session = await openSession(call, {
      logLevel: logLevel(call.flags['log']),
      logTo: (line) => call.terminal.talk(line.trimEnd()),
      isTraced: true,
    });
    const deps = planDeps(session);
    // Before anything is written: a stage that cannot be used would be found only by the first UNLOAD.
    await session.clouds.stage.check();
    const migration = await planMigration(deps);
    const isJson = call.flags['json'] === true;
    if (migration.refusals.length > 0) {
      if (isJson) printJson(call.terminal, PLAN_JSON, planJson(migration, true));
      for (const refusal of migration.refusals) call.terminal.talk(problemText(call.terminal, refusal));
      call.terminal.talk(`nothing was changed: ${migration.refusals.length} refusals above`);
      return EXIT.refused;
    }
    if (call.flags['dry-run'] === true) {
      if (isJson) printJson(call.terminal, PLAN_JSON, planJson(migration, true));
      else {
        const timeoutMs = session.config.statements.sourceTimeoutMs;
        call.terminal.out(planText(migration, { width: call.terminal.columns, isDryRun: true, timeoutMs }));
      }
      return EXIT.done;
    }
    const changes = migration.tables.filter((table) => table.ddl.length > 0);
    if (changes.length > 0 && call.flags['yes'] !== true && !(await agrees(call, changes))) {
      if (isJson) printJson(call.terminal, PLAN_JSON, planJson(migration, true));
      return EXIT.refused;
    }
    const store = await openQueueStore(queueOptions(session.config.queue, call.env), { log: session.log });
    await using serving = new Cleanup();
    serving.defer(() => store.stop());
    if (call.flags['serve'] === true) {
      const fail = (error: unknown) => call.terminal.talk(problemText(call.terminal, asLakehaulError(error)));
      const control = serving.use(await serveControl({ session, store, fail }));
      call.terminal.talk(`see and steer it: ${control.url}`);
    }
    // After what may be refused: a port that is taken, nobody who could log in.
    await writeMigrationPlan(deps, migration);
    const progress = new ProgressLine(call.terminal);
    const report = await runFleet({
      session,
      store,
      signal: call.signal,
      onProgress: (status) => progress.show(status),
    });
    if (isJson) printJson(call.terminal, RUN_JSON, { ...statusJson(report), queueStore: store.kind });
    else call.terminal.out(statusText(report, call.terminal));
    return report.decision.evidence === 'PASS' ? EXIT.done : EXIT.notProven;
  },
};

/** Asks only when a person is there; a script has said what it wants by starting us. */
async function agrees(call: VerbCall, changes: MigrationPlan['tables']): Promise<boolean> {
  if (call.ask === undefined) return true;
  call.terminal.talk('the first changes at the target:');
  for (const { ddl } of changes) for (const statement of ddl) call.terminal.talk(`  ${statement}`);
  const answer = await call.ask('go on? [y/N] ');
  if (/^y(es)?$/i.test(answer.trim())) return true;
  call.terminal.talk('nothing was changed');
  return false;
}

export function queueOptions(
  queue: { kind: 'auto' | 'redis' | 'embedded' },
  env: Readonly<Record<string, string | undefined>>,
) {
  const url = env['LAKEHAUL_REDIS_URL'];
  return { kind: queue.kind, path: env['PATH'] ?? '', ...(url === undefined ? {} : { url }) };
}
