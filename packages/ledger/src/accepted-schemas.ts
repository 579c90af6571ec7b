/**
 * Schemas of a source table that differ from the planned one and are hauled all the same: by a policy, or because a person
 * said so. Records, append-only: the UNLOAD's own check takes a column list only when it is planned or in here.
 */
import { must, type TablePlan } from '@lakehaul/core';
import { z } from 'zod';
import type { RecordStore } from './records.ts';

export const acceptedSchema = z.object({
  schemaVersion: z.literal(1),
  /** Of all that the watch compares (operate, compare-schema.ts). */
  digest: z.string(),
  /** As the UNLOAD's transaction tells it. */
  columnListHash: z.string(),
  /** Of the table that has the name then: the source's history tells writes by it. Absent in older records. */
  oid: z.string().optional(),
  /** Another table, or another column of the same name: what was valid before is not any more. */
  replaces: z.boolean(),
  drifts: z.array(z.object({ kind: z.string(), column: z.string().nullable(), detail: z.string() })),
  /** `policy`, or a person. */
  who: z.string(),
  reason: z.string(),
  /** The caller's own name of the act: coming twice, it is done once. Absent in older records, and where a policy did it. */
  request: z.string().optional(),
});

export type AcceptedSchema = z.infer<typeof acceptedSchema>;

export class AcceptedSchemas {
  readonly #records: RecordStore;

  constructor(records: RecordStore) {
    this.#records = records;
  }

  async of(tableId: string): Promise<AcceptedSchema[]> {
    return (await this.#records.readAll(`schemas/${tableId}`, acceptedSchema)).map((record) => record.body);
  }

  async append(tableId: string, schema: AcceptedSchema, causedBy: string | null): Promise<void> {
    await this.#records.append(`schemas/${tableId}`, schema, causedBy);
  }

  /**
   * As the record after so many: those that were known when it was judged. False when another one came in between; true as
   * well when the same request has written it before.
   */
  async appendAfter(tableId: string, known: number, schema: AcceptedSchema, causedBy: string): Promise<boolean> {
    const path = `schemas/${tableId}/${String(known + 1).padStart(10, '0')}`;
    if ((await this.#records.write(path, schema, causedBy)).isMine) return true;
    const { body } = must(await this.#records.read(path, acceptedSchema), path);
    return schema.request !== undefined && body.request === schema.request;
  }
}

/** Those that are valid now: from the last replacing one on. Pure. */
export function validSchemas(schemas: readonly AcceptedSchema[]): AcceptedSchema[] {
  return schemas.slice(Math.max(0, schemas.map((schema) => schema.replaces).lastIndexOf(true)));
}

/**
 * The plans with the oid that the table has now: one that was swapped and accepted is written under another than was
 * planned, and a watch of the old one would call it unwritten for ever.
 */
export async function withCurrentOids(
  accepted: Pick<AcceptedSchemas, 'of'>,
  plans: readonly TablePlan[],
): Promise<TablePlan[]> {
  const oids = new Map<string, string | undefined>();
  for (const { tableId } of plans)
    if (!oids.has(tableId))
      oids.set(tableId, validSchemas(await accepted.of(tableId)).findLast(({ oid }) => oid !== undefined)?.oid);
  return plans.map((plan) => ({ ...plan, source: { ...plan.source, oid: oids.get(plan.tableId) ?? plan.source.oid } }));
}

/** Whether rows read under this column list may be proven. Pure. */
export function isValidColumnList(seen: string, planned: string, schemas: readonly AcceptedSchema[]): boolean {
  const valid = validSchemas(schemas);
  if (valid.some((schema) => schema.columnListHash === seen)) return true;
  return seen === planned && valid[0]?.replaces !== true;
}
