/** What the console draws: every chunk in one answer, the pace of the proofs, and who is asking. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { JOURNEY } from '@lakehaul/core';
import { chunkStage, count, level, said, utcTime, wholeText } from '@lakehaul/operate';
import { z } from 'zod';
import { PERMISSIONS } from '../auth/permissions.ts';
import { ROLES } from '../auth/principal.ts';
import { chunkMap } from '../chunk-map.ts';
import type { ControlDeps } from '../deps.ts';
import { proofPace } from '../proof-pace.ts';
import { type Prepared, prepare, type Snapshot } from '../read-model.ts';
import { type Route, route, sendPrepared } from '../route.ts';

const packed = promisify(gzip);

export const MAP_JSON = z.strictObject({
  asOf: utcTime,
  stages: z.array(chunkStage).describe('a cell’s low four bits are a place in this list'),
  causes: z.array(said).describe('error codes: plans name them by their place in this list'),
  causesUnread: count.describe('chunks in trouble of which nobody has read yet why'),
  plans: z.array(
    z.strictObject({
      tableId: said,
      table: said,
      level,
      generation: count,
      firstChunk: count,
      cells: z
        .base64()
        .describe(
          'one byte a chunk in key order: the stage’s place, and 16 times the attempt, where 15 means 15 or more',
        ),
      causes: z
        .array(z.strictObject({ cause: count, chunks: z.array(count) }))
        .describe('numbers of the chunks that something went wrong with, by what that was last'),
    }),
  ),
});

export const PACE_JSON = z.strictObject({
  asOf: utcTime,
  from: utcTime.nullable().describe('start of the first interval; null while nothing is proven'),
  intervalSeconds: count,
  chunks: z.array(count).describe('proven in each interval, of those that are proven now'),
  bytes: z
    .array(wholeText)
    .describe('the same in bytes of the source, as planned: each chunk counts as the mean of its plan'),
  provenBytes: wholeText.describe('as planned'),
  plannedBytes: wholeText,
});

export const ME_JSON = z.strictObject({
  who: said.describe('what records call you'),
  roles: z.array(z.enum(ROLES)),
  permissions: z.array(z.enum(Object.keys(PERMISSIONS) as [keyof typeof PERMISSIONS])),
  migration: said,
});

/** Made when it is first asked for after a look, however many ask. */
interface Packed {
  plain: Prepared;
  gzip: Buffer;
}

export function mapRoutes({ model, causes }: ControlDeps): Route[] {
  const maps = new WeakMap<Snapshot, { version: number; packed: Promise<Packed> }>();
  const paces = new WeakMap<Snapshot, Prepared>();
  return [
    route({
      ...{ method: 'GET', url: '/v1/map', permission: 'read', tag: 'chunks' },
      summary: 'Every chunk’s stage and attempt, a byte each, and what went wrong with which: the console’s map.',
      answer: MAP_JSON,
      handle: async (call) => {
        const { snapshot } = model;
        let made = maps.get(snapshot);
        if (made === undefined || made.version !== causes.version) {
          made = { version: causes.version, packed: packedMap(snapshot, causes) };
          maps.set(snapshot, made);
        }
        const { plain, gzip } = await made.packed;
        call.reply.header('vary', 'accept-encoding');
        if (!/\bgzip\b/.test(String(call.request.headers['accept-encoding'] ?? ''))) return sendPrepared(call, plain);
        return sendPrepared(call, plain, { encoding: 'gzip', bytes: gzip });
      },
    }),
    route({
      ...{ method: 'GET', url: '/v1/pace', permission: 'read', tag: 'status' },
      summary: 'How many chunks were proven when, from the first proof until now.',
      description:
        'By the ledger’s receipts, so it survives every restart. A chunk that was opened again counts at its newest proof.',
      answer: PACE_JSON,
      handle: (call) => {
        const { snapshot } = model;
        const known = paces.get(snapshot) ?? prepare(snapshot.asOf, proofPace(snapshot));
        paces.set(snapshot, known);
        return sendPrepared(call, known);
      },
    }),
    route({
      ...{ method: 'GET', url: '/v1/me', permission: 'read', tag: 'description' },
      summary: 'Who asks, and what they may do.',
      answer: ME_JSON,
      handle: ({ principal }) => ({
        who: principal.id,
        roles: ROLES.filter((role) => principal.roles.has(role)),
        permissions: Object.entries(PERMISSIONS)
          .filter(([, roles]) => roles.some((role) => principal.roles.has(role)))
          .map(([permission]) => permission),
        migration: model.snapshot.report.migration,
      }),
    }),
  ];
}

async function packedMap(snapshot: Snapshot, causes: ControlDeps['causes']): Promise<Packed> {
  const plain = prepare(snapshot.asOf, { stages: JOURNEY.map(({ stage }) => stage), ...chunkMap(snapshot, causes) });
  // A million bytes in runs of the same few: level 1 takes 10 ms in another thread.
  return { plain, gzip: await packed(plain.body, { level: 1 }) };
}
