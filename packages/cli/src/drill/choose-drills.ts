/** Which drills a call means. Without a name the seeds go round the short ones, so that as many seeds meet every one. */
import { LakehaulError } from '@lakehaul/core';
import { DRILLS } from './catalogue.ts';
import { type Drill, type DrillPlan, planDrill } from './drill-plan.ts';

export const SHORT_DRILLS: readonly Drill[] = DRILLS.filter((drill) => drill.isLong !== true);

export function findDrill(name: string): Drill {
  const drill = DRILLS.find((candidate) => candidate.name === name);
  if (drill === undefined)
    throw new LakehaulError('USAGE', `there is no drill ${name}`, { next: 'lakehaul drill --list' });
  return drill;
}

/** `seed`, `seed`+1, …: of the named drill, or each of the drill whose turn it is. */
export function chooseDrills(request: {
  name: string | undefined;
  seed: number;
  count: number;
  hasRedis: boolean;
}): DrillPlan[] {
  const named = request.name === undefined ? null : findDrill(request.name);
  if (named?.needsRedis === true && !request.hasRedis) throw redisMissing(named.name);
  const rota = request.hasRedis ? SHORT_DRILLS : SHORT_DRILLS.filter((drill) => !drill.needsRedis);
  return Array.from({ length: request.count }, (_, index) => {
    const seed = request.seed + index;
    return planDrill(named ?? (rota[seed % rota.length] as Drill), seed);
  });
}

export function redisMissing(drill: string): LakehaulError {
  const others = DRILLS.filter((each) => !each.needsRedis).map((each) => each.name);
  return new LakehaulError('REDIS_MISSING', `the drill ${drill} needs a redis-server, and there is none on the PATH`, {
    where: drill,
    next: `Install redis-server or valkey-server; these drills need none: ${others.join(', ')}.`,
  });
}
