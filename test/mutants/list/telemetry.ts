/** Bugs of traces and of the calibration: what would leak, slow the haul, or tell a speed that is not there. */
import { type Mutant, mutant } from '../mutant.ts';

const TRACING = 'packages/runtime/src/tracing/tracing.test.ts';
const RATES = 'packages/planning/src/calibrate.test.ts';
const CALIBRATOR = 'services/planner/src/calibrate/calibrator.test.ts';
const FORECAST = 'packages/operate/src/forecast/forecast.test.ts';

export const TELEMETRY: readonly Mutant[] = [
  mutant('traces: what an engine says is in a span', {
    harm: 'a row value that an engine quotes leaves for whoever reads traces',
    file: 'packages/runtime/src/tracing/otlp-tracing.ts',
    from: "else this.#end(open, asLakehaulError(thrown).code, 'failed');",
    to: "else this.#end(open, asLakehaulError(thrown).message, 'failed');",
    tests: [TRACING],
  }),
  mutant('traces: the attempt is not part of the trace’s id', {
    harm: 'a repair is told in the trace of what it repairs, and nobody can tell them apart',
    file: 'packages/runtime/src/tracing/otlp-tracing.ts',
    from: 'const traceId = traceIdOf(this.#migration, job);',
    to: 'const traceId = traceIdOf(this.#migration, { ...job, attempt: 1 });',
    tests: [TRACING],
  }),
  mutant('traces: the end waits for the collector', {
    harm: 'a collector that hangs holds up every deploy',
    file: 'packages/runtime/src/tracing/otlp-tracing.ts',
    from: 'await Promise.race([this.#provider.shutdown().catch(() => undefined), late]);',
    to: 'await this.#provider.shutdown().catch(() => undefined);',
    tests: [TRACING],
  }),
  mutant('traces: what the buffer cannot hold is lost without a number', {
    harm: 'holes in a trace are taken for steps that did not run',
    file: 'packages/runtime/src/tracing/bounded-processor.ts',
    from: "this.#metrics.count('lakehaul_spans_dropped_total', { outcome: 'buffer-full' });",
    to: '',
    tests: [TRACING],
  }),
  mutant('traces: a failed call beyond the bound is left out', {
    harm: 'the one call that a trace is opened for is not in it',
    file: 'packages/runtime/src/tracing/otlp-tracing.ts',
    from: 'open.callsMax + (code === null ? 0 : FAILED_CALLS_MAX)',
    to: 'open.callsMax',
    tests: [TRACING],
  }),
  mutant('calibration: a big table is let in whole at once', {
    harm: 'the first thing that production hears of the haul is all of it',
    file: 'services/planner/src/calibrate/calibrator.ts',
    from: 'if (allowed.size === 0 || this.#isOverdue()) return OPEN;',
    to: 'if (allowed.size >= 0) return OPEN;',
    tests: [CALIBRATOR],
  }),
  mutant('calibration: the first UNLOAD does not run alone', {
    harm: 'nobody knows what one UNLOAD can do, and chunks are judged by crowded ones',
    file: 'packages/planning/src/calibrate.ts',
    from: '  if (unloaded === 0) return 1;\n',
    to: '',
    tests: [RATES, CALIBRATOR],
  }),
  mutant('calibration: what ran side by side counts for each', {
    harm: 'the first ETA is as many times too late as UNLOADs ran at once',
    file: 'packages/planning/src/calibrate.ts',
    from: 'if (running > 0) busyMs += atMs - lastMs;',
    to: 'busyMs += running * (atMs - lastMs);',
    tests: [RATES],
  }),
  mutant('calibration: it holds big tables for as long as it takes', {
    harm: 'one UNLOAD that hangs for six hours holds the whole haul for six hours',
    file: 'services/planner/src/calibrate/calibrator.ts',
    from: 'if (nowMs - this.#heldSinceMs <= settings.withinMs) return false;',
    to: 'if (nowMs >= this.#heldSinceMs) return false;',
    tests: [CALIBRATOR],
  }),
  mutant('calibration: chunks that cannot end in time are begun', {
    harm: 'each attempt reads production for hours, is cut off, and begins again',
    file: 'services/planner/src/calibrate/calibrator.ts',
    from: "if (time.verdict === 'too-long') tooLarge.add(plan);",
    to: '',
    tests: [CALIBRATOR],
  }),
  mutant('calibration: an ETA by UNLOADs alone claims to be in time', {
    harm: 'a date is promised on four chunks, before a single load or proof was measured',
    file: 'packages/operate/src/forecast/forecast.ts',
    from: 'isLate: plannedMs !== null && p50Ms > plannedMs ? true : null,',
    to: 'isLate: plannedMs !== null && p50Ms > plannedMs,',
    tests: [FORECAST],
  }),
];
