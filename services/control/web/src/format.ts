/** Numbers, sizes and times as people read them; always with a unit, always as wide as the next one. */
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

export function count(value: number | bigint | string): string {
  return whole.format(typeof value === 'string' ? BigInt(value) : value);
}

/** Three figures: 1.23 GiB, 12.3 GiB, 123 GiB. */
export function bytes(value: number | bigint | string): string {
  let size = Number(value);
  let unit = 0;
  while (size >= 1_000 && unit < UNITS.length - 1) {
    size /= 1_024;
    unit += 1;
  }
  if (unit === 0) return `${whole.format(size)} B`;
  return `${size.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0)} ${UNITS[unit]}`;
}

/** Never 100 % of what is not whole, never 0 % of what has begun. */
export function percent(part: number | bigint, of: number | bigint): string {
  const [done, all] = [Number(part), Number(of)];
  if (all === 0) return '–';
  if (done >= all) return '100 %';
  if (done === 0) return '0 %';
  return `${Math.min(99.9, Math.max(0.1, Math.floor((done / all) * 1_000) / 10)).toFixed(1)} %`;
}

/** Two units at most: 42 s, 3 min 20 s, 5 h 12 min, 8 d 4 h. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = Math.floor(ms / 1_000);
  const steps: [number, string][] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = steps.findIndex(([size]) => seconds >= size);
  const parts = steps.slice(first, first + 2).map(([size, name], place) => {
    const above = place === 0 ? Number.POSITIVE_INFINITY : (steps[first]?.[0] ?? 1);
    return [Math.floor((seconds % above) / size), name] as const;
  });
  return parts
    .filter(([value], place) => place === 0 || value > 0)
    .map(([value, name]) => `${value} ${name}`)
    .join(' ');
}

/** A time as the reader's clock shows it, with the day unless it is today. */
export function time(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const clock = at.toLocaleTimeString('en-GB');
  return at.toDateString() === now.toDateString() ? clock : `${day(at)} ${clock}`;
}

function day(at: Date): string {
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`;
}

export function age(iso: string, nowMs: number): string {
  return `${duration(Math.max(1_000, nowMs - Date.parse(iso)))} ago`;
}

/** Decimal text to cents, never through a float; what is less than one shows that it is something. */
export function amount(text: string | null): string {
  if (text === null) return '–';
  const [whole = '0', decimals = ''] = text.split('.');
  const cents = decimals.padEnd(2, '0').slice(0, 2);
  if (whole === '0' && cents === '00' && /[1-9]/.test(decimals)) return '< 0.01';
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${cents}`;
}

/** Labels of an axis of times in Unix seconds, by the reader's clock in 24 hours: as fine as needed for no two to be equal. */
export function axisTimes(splits: readonly number[]): string[] {
  const spanSeconds = (splits.at(-1) ?? 0) - (splits[0] ?? 0);
  const stepSeconds = spanSeconds / Math.max(1, splits.length - 1);
  return splits.map((seconds) => {
    const at = new Date(seconds * 1_000);
    if (spanSeconds > 2 * 86_400)
      return `${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`;
    return at.toTimeString().slice(0, stepSeconds < 60 ? 8 : 5);
  });
}
