/** How fast the source unloads, in one line. */
import type { calibrationJson } from '@lakehaul/operate';
import { counted, size } from './units.ts';

type Calibration = ReturnType<typeof calibrationJson>;

export function calibrationText(calibration: Calibration): string {
  if (calibration === null) return 'UNLOAD: not measured yet';
  const { chunks, atOnce, bytesPerSecond, bytesPerSecondPerSlice, slices } = calibration;
  const each =
    bytesPerSecondPerSlice === null ? '' : `, ${size(BigInt(bytesPerSecondPerSlice))}/s for each of ${slices} slices`;
  return `UNLOAD: ${size(BigInt(bytesPerSecond))}/s${each} (measured on ${counted(chunks, 'chunk')}, up to ${atOnce} at once)`;
}
