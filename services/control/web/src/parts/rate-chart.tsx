/** Proven bytes per second over time: bars as wide as an interval of the service. The numbers are in a list as well. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { bytes, duration } from '../format.ts';
import type { Pace } from '../shapes.ts';
import { useTheme } from '../theme.ts';

const HEIGHT = 168;

export function RateChart({ pace }: { pace: Pace }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  useEffect(() => {
    const parent = place.current;
    if (parent === null) return;
    const made = new uPlot(options(parent.clientWidth, getComputedStyle(parent)), dataOf(pace), parent);
    plot.current = made;
    const sized = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height: HEIGHT }));
    sized.observe(parent);
    return () => {
      sized.disconnect();
      made.destroy();
      plot.current = null;
    };
    // The data comes by the effect below.
  }, [theme]);
  useEffect(() => plot.current?.setData(dataOf(pace)), [pace]);
  return <div class="chart" ref={place} role="img" aria-label={inWords(pace)} />;
}

function dataOf({ from, intervalSeconds, bytes: proven }: Pace): uPlot.AlignedData {
  if (from === null) return [[], []];
  const start = Date.parse(from) / 1_000;
  return [
    proven.map((_, interval) => start + interval * intervalSeconds),
    proven.map((size) => Number(size) / intervalSeconds),
  ];
}

function options(width: number, style: CSSStyleDeclaration): uPlot.Options {
  const quiet = style.getPropertyValue('--quiet');
  const axis = {
    stroke: quiet,
    font: `11px ${style.fontFamily}`,
    grid: { stroke: style.getPropertyValue('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.1, 1)] } },
    axes: [
      { ...axis, grid: { show: false } },
      { ...axis, size: 84, values: (_, splits) => splits.map((rate) => `${bytes(rate)}/s`) },
    ],
    series: [
      {},
      {
        stroke: style.getPropertyValue('--accent'),
        fill: style.getPropertyValue('--accent-wash'),
        width: 1.5,
        points: { show: false },
        ...(uPlot.paths.stepped === undefined ? {} : { paths: uPlot.paths.stepped({ align: 1 }) }),
      },
    ],
  };
}

function inWords({ bytes: proven, intervalSeconds }: Pace): string {
  if (proven.length === 0) return 'Nothing is proven yet.';
  const last = proven.slice(-6).map((size) => `${bytes(Number(size) / intervalSeconds)}/s`);
  return `Proven bytes per second, in intervals of ${duration(intervalSeconds * 1_000)}; the last ones: ${last.join(', ')}.`;
}
