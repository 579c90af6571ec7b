import type { SystemRelation } from './system-relation.ts';
import { monitoringRelations } from './system-relations-monitoring.ts';
import { catalogRelations, informationSchemaRelations } from './system-relations-pg.ts';
import { svvRelations } from './system-relations-svv.ts';

/** All system relations by `schema.name`; a reference without a schema means pg_catalog. */
export function systemRelations(database: string): Map<string, SystemRelation> {
  const all = [
    ...catalogRelations(database),
    ...svvRelations(database),
    ...monitoringRelations(database),
    ...informationSchemaRelations(database),
  ];
  return new Map(all.map((each) => [`${each.schema}.${each.name}`, each]));
}
