/** Numbers as people read them: thousands separators, binary sizes, durations. Exact for any bigint. */

export { counted, separated as count } from '@lakehaul/core';

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function size(bytes: bigint | number | string): string {
  let value = Number(BigInt(bytes));
  let unit = 0;
  while (value >= 1024 && unit < SIZES.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${SIZES[unit]}`;
}

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Never 100 % before everything is done. */
export function percent(done: bigint, all: bigint): string {
  if (all === 0n) return '100 %';
  const tenths = (done * 1000n) / all;
  return `${Number(tenths > 999n && done < all ? 999n : tenths) / 10} %`;
}
