/** Names of what the services export, as the compiler knows them: a misspelt metric does not compile. */
import type { HistogramName, MetricName } from '@lakehaul/runtime';

type Series = MetricName | `${HistogramName}_${'bucket' | 'count' | 'sum'}`;

/** A selector of the scrape job that the dashboard shows; further matchers are as in PromQL. */
export function of(series: Series, matchers = ''): string {
  return `${series}{job=~"$job"${matchers === '' ? '' : `,${matchers}`}}`;
}

export const rate = (series: Series, matchers?: string): string => `rate(${of(series, matchers)}[$__rate_interval])`;

/** Duration under which this share of the observations lies, by the labels named. */
export function quantile(share: number, histogram: HistogramName, by: string, matchers?: string): string {
  return `histogram_quantile(${share}, sum by (${by}, le) (${rate(`${histogram}_bucket`, matchers)}))`;
}
