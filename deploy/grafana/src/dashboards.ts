/** All dashboards as the text of their files. */
import { type BoardSpec, boardOf } from './board.ts';
import { CUTOVER } from './cutover.ts';
import { FLEET } from './fleet.ts';
import { SOURCE_HEALTH } from './source-health.ts';
import { TABLES } from './tables.ts';
import { TARGET } from './target.ts';
import { VERIFICATION } from './verification.ts';

export const BOARDS: readonly BoardSpec[] = [FLEET, SOURCE_HEALTH, TARGET, VERIFICATION, TABLES, CUTOVER];

/** By file name, under deploy/grafana/dashboards. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map(BOARDS.map((spec) => [`${spec.uid}.json`, `${JSON.stringify(boardOf(spec), null, 2)}\n`]));
}
