/** A chart that lives as long as its place: made anew for another theme, given new data for the rest. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { axisTimes } from '../format.ts';
import { useTheme } from '../theme.ts';

interface ChartColours {
  quiet: string;
  line: string;
  accent: string;
  wash: string;
  second: string;
  font: string;
}

export type ChartOptions = Omit<uPlot.Options, 'width' | 'height'>;

export function Chart(props: {
  data: uPlot.AlignedData;
  height: number;
  /** What it shows, in words. */
  label: string;
  /** Called for each theme; what it reads later has to be in something that stays. */
  options: (colours: ChartColours) => ChartOptions;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  const { data, height } = props;
  useEffect(() => {
    const parent = place.current;
    if (parent === null) return;
    const made = new uPlot({ ...props.options(coloursOf(parent)), width: parent.clientWidth, height }, data, parent);
    plot.current = made;
    const sized = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height }));
    sized.observe(parent);
    return () => {
      sized.disconnect();
      made.destroy();
      plot.current = null;
    };
    // The data comes by the effect below.
  }, [theme, height]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div class="chart" style={{ height: `${height}px` }} ref={place} role="img" aria-label={props.label} />;
}

function coloursOf(element: HTMLElement): ChartColours {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name);
  return {
    ...{ quiet: of('--quiet'), line: of('--line'), accent: of('--accent'), wash: of('--accent-wash') },
    ...{ second: of('--mismatched'), font: `11px ${style.fontFamily}` },
  };
}

/** Axes of every chart: time below, in 24 hours, and quantities on the left. */
export function axesOf(colours: ChartColours, quantity: (value: number) => string): uPlot.Axis[] {
  const axis = { stroke: colours.quiet, font: colours.font, ticks: { show: false } };
  return [
    { ...axis, size: 24, grid: { show: false }, values: (_, splits) => axisTimes(splits) },
    { ...axis, size: 84, grid: { stroke: colours.line, width: 1 }, values: (_, splits) => splits.map(quantity) },
  ];
}

export const FROM_ZERO: uPlot.Scales = { y: { range: (_, __, most) => [0, Math.max((most ?? 0) * 1.1, 1)] } };

/** Each value holds until the next one. */
export const STEPPED: Partial<uPlot.Series> =
  uPlot.paths.stepped === undefined ? {} : { paths: uPlot.paths.stepped({ align: 1 }) };
