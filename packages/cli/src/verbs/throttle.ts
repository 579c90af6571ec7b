/** What holds the haul back at the source, what was read, and the settings that a person may change while it runs. */
import {
  checkThrottleSetting,
  isThrottleSetting,
  LakehaulError,
  THROTTLE_SETTINGS,
  type ThrottleSetting,
} from '@lakehaul/core';
import { STEER_JSON, THROTTLE_JSON, type ThrottleReport, throttleReport } from '@lakehaul/operate';
import { parseDurationMs, throttleOf } from '@lakehaul/runtime';
import { printJson } from '../json/common.ts';
import { calibrationText } from '../print/calibration.ts';
import { plainText } from '../print/safe-text.ts';
import { table } from '../print/table.ts';
import { duration } from '../print/units.ts';
import { openSession } from '../session.ts';
import { EXIT, type Verb, type VerbCall } from '../verb.ts';
import { STEER_FLAGS, steer } from './steer.ts';

const HISTORY = 60;

export const throttle: Verb = {
  name: 'throttle',
  operands: '[set NAME VALUE | NAME=?]',
  summary: 'what holds UNLOADs back at the source, and what may be set',
  example: 'lakehaul throttle set maxSlots 4 --reason "month end at the source"',
  details: [
    'set NAME VALUE  until it is taken back with none; durations as 30s, flags as on and off',
    'NAME=?          what the setting is, from where to where, and what it does',
  ],
  flags: STEER_FLAGS,
  json: [
    {
      command: 'throttle',
      says: 'Checks, slots, settings and history; of NAME=? only that setting.',
      shape: THROTTLE_JSON,
    },
    { command: 'throttle set NAME VALUE', says: 'The change; the same with --dry-run.', shape: STEER_JSON },
  ],
  run(call) {
    const [first, name, value] = call.operands;
    if (first === undefined) return show(call);
    if (first.endsWith('=?') && name === undefined) return explain(call, first.slice(0, -2));
    if (first !== 'set' || name === undefined || value === undefined)
      throw new LakehaulError('USAGE', `throttle ${call.operands.join(' ')} is not understood`, {
        next: 'lakehaul throttle, lakehaul throttle set maxSlots 4 --reason "…", lakehaul throttle \'maxSlots=?\'',
      });
    return steer(call, { action: 'throttle', name, value: settingValue(name, value) });
  },
};

/** As the setting's kind writes it; none takes it back. */
function settingValue(name: string, text: string): number | null {
  checkThrottleSetting(name, null);
  if (text === 'none' || !isThrottleSetting(name)) return null;
  const { kind } = THROTTLE_SETTINGS[name];
  const flags: Record<string, number> = { on: 1, true: 1, off: 0, false: 0 };
  const value =
    kind === 'flag' && text in flags
      ? flags[text]
      : kind === 'duration' && !/^\d+$/.test(text)
        ? parseDurationMs(text)
        : Number(kind === 'percent' ? text.replace(/ ?%$/, '') : text);
  return value ?? Number.NaN;
}

async function reportOf(call: VerbCall, history: number): Promise<ThrottleReport> {
  await using session = await openSession(call);
  const { ledger, config, clock } = session;
  return throttleReport(ledger, throttleOf(config.throttle), { nowMs: clock.nowMs(), history });
}

async function explain(call: VerbCall, name: string): Promise<number> {
  checkThrottleSetting(name, null);
  const report = await reportOf(call, 0);
  const [setting] = report.settings.filter((each) => each.name === name);
  if (call.flags['json'] === true) {
    printJson(call.terminal, THROTTLE_JSON, { ...report, settings: setting === undefined ? [] : [setting] });
    return EXIT.done;
  }
  if (setting === undefined) return EXIT.done;
  const say = (value: number) => shown(value, setting.kind);
  const { out } = call.terminal;
  out(
    `${name} is ${say(setting.value)}${setting.isSet ? `, set by a person; configured is ${say(setting.configured)}` : ', as configured'}`,
  );
  out(`from ${say(setting.least)} to ${say(setting.most)}`);
  out(setting.doc);
  return EXIT.done;
}

async function show(call: VerbCall): Promise<number> {
  const report = await reportOf(call, HISTORY);
  if (call.flags['json'] === true) {
    printJson(call.terminal, THROTTLE_JSON, report);
    return EXIT.done;
  }
  const { out, columns } = call.terminal;
  for (const line of headline(report)) out(plainText(line));
  if (report.calibration !== null) out(calibrationText(report.calibration));
  if (report.checks.length > 0) {
    const winnerFirst = [...report.checks].sort(
      (a, b) => Number(b.name === report.winner) - Number(a.name === report.winner),
    );
    out('');
    out(
      table(
        winnerFirst,
        [
          { title: 'check', text: (row) => row.name },
          { title: 'verdict', text: (row) => (row.value === null ? 'unread' : row.verdict) },
          { title: 'says', text: (row) => row.reason, isFlexible: true, isWrapped: true },
        ],
        columns,
      ),
    );
  }
  const set = report.settings.filter((each) => each.isSet);
  if (set.length > 0) out('');
  for (const { name, value, configured, kind } of set)
    out(`set: ${name} ${shown(value, kind)} (configured ${shown(configured, kind)})`);
  if (report.history.length > 1) out(`\nslots, oldest first: ${runs(report.history.map((each) => each.slots))}`);
  return EXIT.done;
}

function headline(report: ThrottleReport): string[] {
  const most = report.settings.find((each) => each.name === 'maxSlots')?.value ?? 0;
  if (report.slots === null)
    return ['nobody has read the source yet: no planner runs, or throttle.governor is off', ...blackoutLine(report)];
  const silent = report.isGoverned ? '' : ` · last heard at ${report.asOf}: no planner governs now`;
  return [`${report.slots} of ${most} UNLOADs may run at once${silent}`, report.reason ?? '', ...blackoutLine(report)];
}

function blackoutLine({ blackout, winner }: ThrottleReport): string[] {
  return blackout === null || winner === 'blackout'
    ? []
    : [`${blackout}: workers start no UNLOAD unless blackouts is off`];
}

/** 8, 9, 10 ×4, 5 */
function runs(slots: readonly number[]): string {
  const parts: { slots: number; times: number }[] = [];
  for (const each of slots) {
    const last = parts.at(-1);
    if (last?.slots === each) last.times += 1;
    else parts.push({ slots: each, times: 1 });
  }
  return parts
    .slice(-20)
    .map((part) => (part.times === 1 ? `${part.slots}` : `${part.slots} ×${part.times}`))
    .join(', ');
}

function shown(value: number, kind: ThrottleSetting['kind']): string {
  if (kind === 'flag') return value === 0 ? 'off' : 'on';
  if (kind === 'percent') return `${value} %`;
  if (kind === 'count') return String(value);
  return value < 1_000 ? `${value} ms` : duration(value);
}
