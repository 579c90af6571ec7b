/** Records: each has its envelope and the body that its path promises; those that other checks need are handed on. */
import { isDeepStrictEqual } from 'node:util';
import { asLakehaulError, NOTHING_STEERED, type Steering, type SteeringChange, steered } from '@lakehaul/core';
import {
  envelope,
  parseAs,
  parseJson,
  probesPath,
  recordShape,
  STEERING,
  type SteeringRecord,
  steeringRecord,
  WRITE_LOG_SHAPES,
} from '@lakehaul/ledger';
import type { CopiedObject } from '../copy/pack.ts';
import type { LedgerSource } from '../copy/source.ts';
import { ANCHORS_REBUILT, anchorsRebuilt } from '../seals/own-chain.ts';
import type { AnchorRebuild } from './check-anchors.ts';
import type { TableCheck } from './check-tables.ts';
import type { Findings } from './findings.ts';

export class RecordCheck {
  readonly rebuilt: AnchorRebuild[] = [];
  /** Chunks that a probe found with a row too long to be joined, by `longRowKey`. */
  readonly longRows = new Set<string>();
  readonly #source: LedgerSource;
  readonly #findings: Findings;
  readonly #tables: TableCheck;
  readonly #root: string;
  readonly #steering: { key: string; body: SteeringRecord }[] = [];

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
      else this.#addKnown(object, path, outer.body);
    } catch (thrown) {
      this.#findings.add('SHAPE', object.key, asLakehaulError(thrown).message);
    }
  }

  #addKnown(object: CopiedObject, path: string, body: unknown): void {
    const shape = recordShape(path);
    if (shape === null) {
      this.#findings.add('OBJECT_UNKNOWN', object.key, 'nothing of lakehaul writes such a record');
      return;
    }
    parseAs(shape, object.key, body);
    const told = tableIdOf(body);
    const tableId = /^tables\/([^/]+)\//.exec(path)?.[1];
    if (told !== null && told !== tableId) this.#findings.add('SHAPE', object.key, `is a record of ${told}`);
    else if (path.startsWith(`${STEERING}/`))
      this.#steering.push({ key: object.key, body: parseAs(steeringRecord, object.key, body) });
    else {
      if (tableId !== undefined && path.startsWith(`${probesPath(tableId)}/`)) this.#addProbe(object.key, body);
      this.#tables.addRecord(object, path, body);
    }
  }

  #addProbe(key: string, body: unknown): void {
    for (const { generation, chunk, hasTooLongRow } of parseAs(WRITE_LOG_SHAPES.probe, key, body).differing)
      if (hasTooLongRow === true) this.longRows.add(longRowKey(key, generation, chunk));
  }

  /** Each change of a setting was made on the state that the one before it left, and has the effect that it says. */
  finish(): void {
    let state: Steering = NOTHING_STEERED;
    for (const { key, body } of this.#steering.sort((a, b) => (a.key < b.key ? -1 : 1))) {
      const { before, change, after } = body;
      if (!isDeepStrictEqual(before, state)) this.#findings.add('SETTING', key, 'was made on another state than stood');
      if (!isDeepStrictEqual(effectOf(before, change), after))
        this.#findings.add('SETTING', key, `what stands after it is not what ${change.action} makes of what stood`);
      state = after;
    }
  }

  #addRebuilt({ key, lastModifiedMs }: CopiedObject, body: unknown): void {
    const { schemaVersion: _version, ...rebuild } = parseAs(anchorsRebuilt, key, body);
    this.rebuilt.push({ ...rebuild, key, at: new Date(lastModifiedMs).toISOString() });
  }
}

export function longRowKey(probe: string, generation: number, chunk: number): string {
  return `${probe} ${generation} ${chunk}`;
}

/** Null for a change that means nothing: it was never made. */
function effectOf(before: Steering, change: SteeringChange): Steering | null {
  try {
    return steered(before, change);
  } catch {
    return null;
  }
}

function tableIdOf(body: unknown): string | null {
  return typeof body === 'object' && body !== null && 'tableId' in body ? String(body.tableId) : null;
}
