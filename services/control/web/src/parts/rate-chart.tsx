/** Proven bytes per second over time, in intervals of the service, with what people did meanwhile. */
import { useMemo, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { bytes, duration } from '../format.ts';
import type { Pace } from '../shapes.ts';
import { axesOf, Chart, FROM_ZERO, STEPPED } from './chart.tsx';

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
  const data = useMemo(() => dataOf(pace), [pace]);
  return (
    <>
      <Chart
        data={data}
        height={HEIGHT}
        label={inWords(pace)}
        options={(colours) => ({
          padding: [8, 16, 0, 0],
          legend: { show: false },
          cursor: { show: false },
          plugins: [noteLines(drawn, colours.quiet)],
          scales: FROM_ZERO,
          axes: axesOf(colours, (rate) => `${bytes(rate)}/s`),
          series: [{}, { stroke: colours.accent, fill: colours.wash, width: 1.5, points: { show: false }, ...STEPPED }],
        })}
      />
      {notes.length === 0 ? null : (
        <ul class="chart-notes">
          {notes.slice(-NOTED).map(({ at, text }) => (
            <li key={`${at} ${text}`}>
              <time dateTime={at} class="number">
                {new Date(at).toTimeString().slice(0, 5)}
              </time>
              {text}
            </li>
          ))}
        </ul>
      )}
    </>
  );
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

function dataOf({ from, intervalSeconds, bytes: proven }: Pace): uPlot.AlignedData {
  if (from === null) return [[], []];
  const start = Date.parse(from) / 1_000;
  return [
    proven.map((_, interval) => start + interval * intervalSeconds),
    proven.map((size) => Number(size) / intervalSeconds),
  ];
}

function inWords({ bytes: proven, intervalSeconds }: Pace): string {
  if (proven.length === 0) return 'Nothing is proven yet.';
  const last = proven.slice(-6).map((size) => `${bytes(Number(size) / intervalSeconds)}/s`);
  return `Proven bytes per second, in intervals of ${duration(intervalSeconds * 1_000)}; the last ones: ${last.join(', ')}.`;
}
