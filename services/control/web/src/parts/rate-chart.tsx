/** Proven bytes per second over time: bars as wide as an interval of the service. The numbers are in a list as well. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { bytes, duration } from '../format.ts';
import type { Pace } from '../shapes.ts';
import { useTheme } from '../theme.ts';

const HEIGHT = 168;

/** Newest ones that are told in words; all of the chart's time are drawn. */
const NOTED = 3;

export interface ChartNote {
  at: string;
  text: string;
}

export function RateChart({ pace, notes }: { pace: Pace; notes: readonly ChartNote[] }) {
  const drawn = useRef(notes);
  drawn.current = notes;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  useEffect(() => {
    const parent = place.current;
    if (parent === null) return;
    const made = new uPlot(options(parent.clientWidth, getComputedStyle(parent), drawn), dataOf(pace), parent);
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
  useEffect(() => plot.current?.setData(dataOf(pace)), [pace, notes]);
  return (
    <>
      <div class="chart" ref={place} role="img" aria-label={inWords(pace)} />
      {notes.length === 0 ? null : (
        <ul class="chart-notes">
          {notes.slice(-NOTED).map(({ at, text }) => (
            <li key={`${at} ${text}`}>
              <time dateTime={at} class="number">
                {clock(at)}
              </time>
              {text}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function clock(iso: string): string {
  return new Date(iso).toTimeString().slice(0, 5);
}

/** What people did, as lines at their time. */
function noteLines(notes: { current: readonly ChartNote[] }, colour: string): uPlot.Plugin {
  return {
    hooks: {
      draw: ({ ctx, bbox, valToPos, scales }) => {
        ctx.save();
        ctx.strokeStyle = colour;
        ctx.setLineDash([3, 3]);
        ctx.beginPath();
        for (const { at } of notes.current) {
          const seconds = Date.parse(at) / 1_000;
          if (seconds < (scales['x']?.min ?? 0) || seconds > (scales['x']?.max ?? 0)) continue;
          const x = Math.round(valToPos(seconds, 'x', true)) + 0.5;
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
        }
        ctx.stroke();
        ctx.restore();
      },
    },
  };
}

/** By the reader's clock, in 24 hours; with the day where the chart is longer than two. */
function timeTexts(splits: readonly number[]): string[] {
  const isLong = (splits.at(-1) ?? 0) - (splits[0] ?? 0) > 2 * 86_400;
  return splits.map((seconds) => {
    const at = new Date(seconds * 1_000);
    const day = `${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`;
    return isLong ? day : at.toTimeString().slice(0, 5);
  });
}

function dataOf({ from, intervalSeconds, bytes: proven }: Pace): uPlot.AlignedData {
  if (from === null) return [[], []];
  const start = Date.parse(from) / 1_000;
  return [
    proven.map((_, interval) => start + interval * intervalSeconds),
    proven.map((size) => Number(size) / intervalSeconds),
  ];
}

function options(width: number, style: CSSStyleDeclaration, notes: { current: readonly ChartNote[] }): uPlot.Options {
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
    plugins: [noteLines(notes, quiet)],
    scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.1, 1)] } },
    axes: [
      { ...axis, size: 24, grid: { show: false }, values: (_, splits) => timeTexts(splits) },
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
