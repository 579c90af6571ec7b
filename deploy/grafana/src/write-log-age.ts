/** On two dashboards: the source's page says whether we still read its history, the proof's page what evidence rests on. */
import { type PanelSpec, stat } from './panels.ts';
import { of } from './series.ts';

/** From where on the alert LakehaulWriteLogStale rings. */
const STALE_SECONDS = 7200;

export const writeLogAge = (): PanelSpec =>
  stat({
    title: 'Age of the write log',
    description:
      'Since the newest sample of what was written at the source. Evidence gets no newer without it; an alert rings at two hours.',
    unit: 'dtdurations',
    width: 6,
    badFrom: STALE_SECONDS,
    queries: [{ expr: `time() - (max(${of('lakehaul_write_log_sampled_timestamp_seconds')}) > 0)`, legend: 'age' }],
  });
