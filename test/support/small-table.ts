/** One small table with its migration: what most fault tests haul. Each has its own, so that a file shares one world. */
import { type ChunkRef, must } from '@lakehaul/core';
import type { Session } from '@lakehaul/fleet';
import type { MigrationConfig } from '@lakehaul/runtime';
import { planAll } from './drive.ts';
import type { World } from './world.ts';

export interface SmallTable {
  name: string;
  /** Rows that it was made with. */
  rows: number;
  session: Session;
  /** Chunk 0. */
  ref: ChunkRef;
  /** As the target's SQL names it. */
  target: string;
}

let number = 0;

/** Schema `f`, rows 0 … rows-1, one chunk unless `defaults` say otherwise; planned. */
export async function smallTable(
  world: World,
  options: {
    rows?: number;
    defaults?: Record<string, unknown>;
    /** An override of the one table. */
    override?: Record<string, unknown>;
    change?: (config: MigrationConfig) => MigrationConfig;
  } = {},
): Promise<SmallTable> {
  const name = `t${++number}`;
  await world.redshift.run('CREATE SCHEMA IF NOT EXISTS "f"');
  await world.redshift.run(`CREATE TABLE "f"."${name}" (id integer, name varchar(40)) SORTKEY (id)`);
  const count = options.rows ?? 100;
  const rows = Array.from({ length: count }, (_, id) => `(${id}, 'name ${id}')`);
  await world.redshift.run(`INSERT INTO "f"."${name}" VALUES ${rows.join(', ')}`);
  const session = await world.session(
    world.config(
      {
        include: [`f.${name}`],
        defaults: { level: 'full', ...options.defaults },
        overrides: options.override === undefined ? [] : [{ match: `f.${name}`, ...options.override }],
      },
      { migration: `m${number}`, ...(options.change === undefined ? {} : { change: options.change }) },
    ),
  );
  const [plan] = await planAll(session);
  const ref = { tableId: must(plan, 'plan').tableId, generation: 1, chunk: 0 };
  return { name, rows: count, session, ref, target: `\`main\`.\`f\`.\`${name}\`` };
}

export const everyChunkIs = (stage: string) => (stages: Map<string, string>) =>
  [...stages.values()].every((each) => each === stage);

export function equalRows(rows: number): Record<'sourceRows' | 'targetRows' | 'missing' | 'extra', bigint> {
  return { sourceRows: BigInt(rows), targetRows: BigInt(rows), missing: 0n, extra: 0n };
}
