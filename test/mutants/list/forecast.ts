/** Bugs of the forecast: people would plan a cutover by a date that does not hold. */
import { type Mutant, mutant } from '../mutant.ts';

const FORECAST = 'packages/operate/src/forecast/forecast.test.ts';
const OF_LEDGER = 'packages/operate/src/forecast/of-ledger.test.ts';
const FILE = 'packages/operate/src/forecast/forecast.ts';
const PACE = 'packages/operate/src/forecast/pace.ts';

export const FORECASTS: readonly Mutant[] = [
  mutant('forecast: P90 is P50', {
    harm: 'every second haul ends after the date that nine of ten should keep',
    file: FILE,
    from: 'const p90 = windowsFor(pace, leftBytes, marginBytes(pace.deviations));',
    to: 'const p90 = windowsFor(pace, leftBytes, 0);',
    tests: [FORECAST],
  }),
  mutant('forecast: only the shortest windows tell the spread', {
    harm: 'where the pace has phases, P90 is passed in every fourth haul',
    file: PACE,
    from: 'const JOINED = [1, 2, 4] as const;',
    to: 'const JOINED = [1] as const;',
    tests: [FORECAST],
  }),
  mutant('forecast: the smallest spread counts', {
    harm: 'the band is as narrow as luck allows',
    file: FILE,
    from: 'return Math.max(...deviations.map(',
    to: 'return Math.min(...deviations.map(',
    tests: [FORECAST],
  }),
  mutant('forecast: joined windows spread as if they were not joined', {
    harm: 'the band is twice as wide as it is true, and nobody plans by it',
    file: PACE,
    from: 'Math.sqrt(squares / (windows - 1) / joined)',
    to: 'Math.sqrt(squares / (windows - 1))',
    tests: [FORECAST],
  }),
  mutant('forecast: the mean is taken for known', {
    harm: 'far ahead P90 is passed far too often',
    file: FILE,
    from: 'const slope = 1 - variance / windows;',
    to: 'const slope = 1;',
    tests: [FORECAST],
  }),
  mutant('forecast: the wrong end of the band', {
    harm: 'P90 is before P50: the earliest date is told as the safe one',
    file: FILE,
    from: 'return (2 * left + variance + root) / (2 * slope);',
    to: 'return (2 * left + variance - root) / (2 * slope);',
    tests: [FORECAST],
  }),
  mutant('forecast: late is told by P50', {
    harm: 'a haul that will probably miss its date is said to keep it',
    file: FILE,
    from: 'isLate: plannedMs === null ? null : p90Ms > plannedMs,',
    to: 'isLate: plannedMs === null ? null : p50Ms > plannedMs,',
    tests: [FORECAST, OF_LEDGER],
  }),
  mutant('forecast: what is overdue is not waited for', {
    harm: 'a haul that stands still keeps the pace of when it ran',
    file: PACE,
    from: 'const endSeconds = Math.max(last, nowSeconds - (last - first) / count);',
    to: 'const endSeconds = last;',
    tests: [FORECAST],
  }),
  mutant('forecast: silence is no reason', {
    harm: 'a haul that has stood still for longer than it ran has an ETA',
    file: PACE,
    from: "if (nowSeconds - newest > newest - first) return 'silent';",
    to: '',
    tests: [FORECAST],
  }),
  mutant('forecast: a pause holds nothing', {
    harm: 'a paused haul has a date that nobody will keep',
    file: FILE,
    from: 'table.heldBy !== null && table.leftChunks > 0',
    to: 'table.heldBy === undefined && table.leftChunks > 0',
    tests: [FORECAST, OF_LEDGER],
  }),
  mutant('forecast: chunks that wait for a person are counted as left', {
    harm: 'an ETA for what will not move before somebody acts',
    file: 'packages/operate/src/forecast/of-ledger.ts',
    from: 'table.chunks - table.done - accepted - quarantined',
    to: 'table.chunks - table.done - accepted',
    tests: [OF_LEDGER],
  }),
  mutant('forecast: bytes per second are per window', {
    harm: 'the rate that people compare with their network is wrong by minutes to seconds',
    file: FILE,
    from: 'bytesPerSecond: pace.meanBytes / pace.windowSeconds,',
    to: 'bytesPerSecond: pace.meanBytes,',
    tests: [FORECAST],
  }),
];
