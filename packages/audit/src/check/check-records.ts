/** Records: each has its envelope and the body that its path promises; those that other checks need are handed on. */
import { asLakehaulError } from '@lakehaul/core';
import { envelope, parseAs, parseJson } from '@lakehaul/ledger';
import type { CopiedObject } from '../copy/pack.ts';
import type { LedgerSource } from '../copy/source.ts';
import { ANCHORS_REBUILT, anchorsRebuilt } from '../seals/own-chain.ts';
import type { AnchorRebuild } from './check-anchors.ts';
import type { TableCheck } from './check-tables.ts';
import type { Findings } from './findings.ts';

export class RecordCheck {
  readonly rebuilt: AnchorRebuild[] = [];
  readonly #source: LedgerSource;
  readonly #findings: Findings;
  readonly #tables: TableCheck;
  readonly #root: string;

  constructor(source: LedgerSource, findings: Findings, tables: TableCheck) {
    this.#source = source;
    this.#findings = findings;
    this.#tables = tables;
    this.#root = source.keys.record('x').slice(0, -1);
  }

  add(object: CopiedObject): void {
    try {
      const outer = parseAs(envelope, object.key, parseJson(object.key, object.body));
      if (outer.migration !== this.#source.migration) {
        this.#findings.add('SHAPE', object.key, `belongs to migration ${outer.migration}`);
        return;
      }
      const path = object.key.slice(this.#root.length).replace(/\.json$/, '');
      if (path.startsWith(`${ANCHORS_REBUILT}/`)) this.#addRebuilt(object, outer.body);
      else this.#tables.addRecord(object, path, outer.body);
    } catch (thrown) {
      this.#findings.add('SHAPE', object.key, asLakehaulError(thrown).message);
    }
  }

  #addRebuilt({ key, lastModifiedMs }: CopiedObject, body: unknown): void {
    const { schemaVersion: _version, ...rebuild } = parseAs(anchorsRebuilt, key, body);
    this.rebuilt.push({ ...rebuild, key, at: new Date(lastModifiedMs).toISOString() });
  }
}
