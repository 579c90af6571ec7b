/** What the measured speed of UNLOADs means: for chunk sizes, for a first ETA, and for people. */
import { LakehaulError, type TablePlan } from '@lakehaul/core';
import type { CalibrationRecord } from '@lakehaul/ledger';
import { type ChunkSizeVerdict, judgeChunkSize, unloadBytes } from '@lakehaul/planning';
import type { z } from 'zod';
import type { calibration } from './json/calibration.ts';

export interface UnloadTime {
  verdict: ChunkSizeVerdict;
  fromMs: number;
  toMs: number;
  /** Planned bytes of one UNLOAD. */
  bytes: bigint;
  timeoutMs: number;
}

export function unloadTime(
  plan: Pick<TablePlan, 'estimatedBytes' | 'chunkCount' | 'keyColumns'>,
  { fastestBytesPerSecond, slowestBytesPerSecond }: CalibrationRecord,
  timeoutMs: number,
): UnloadTime {
  const bytes = unloadBytes(plan);
  const rates = {
    fastestBytesPerSecond: Math.max(1, Number(fastestBytesPerSecond)),
    slowestBytesPerSecond: Math.max(1, Number(slowestBytesPerSecond)),
  };
  return { ...judgeChunkSize(rates, bytes, timeoutMs), bytes, timeoutMs };
}

/** `next` is another one while the table is not planned yet. */
export function chunksTooLarge(table: string, { fromMs, timeoutMs }: UnloadTime, next?: string): LakehaulError {
  const hours = (ms: number) => `${(ms / 3_600_000).toFixed(1)} h`;
  return new LakehaulError(
    'CHUNKS_TOO_LARGE',
    `${table}: one UNLOAD takes ${hours(fromMs)} at the measured speed, statements.sourceTimeoutMs is ${hours(timeoutMs)}`,
    { where: table, ...(next === undefined ? {} : { next }) },
  );
}

/** Of one slice; null where nobody knows how many there are. */
export function perSlice({ bytesPerSecond, conditions }: CalibrationRecord): number | null {
  return conditions.slices === null ? null : Number(bytesPerSecond) / conditions.slices;
}

export function calibrationJson(record: CalibrationRecord | null): z.input<typeof calibration> {
  if (record === null) return null;
  const slice = perSlice(record);
  const { chunks, atOnce, bytesPerSecond, fastestBytesPerSecond, slowestBytesPerSecond } = record;
  return {
    ...{ chunks, atOnce, bytesPerSecond, fastestBytesPerSecond, slowestBytesPerSecond },
    bytesPerSecondPerSlice: slice === null ? null : String(Math.round(slice)),
    slices: record.conditions.slices,
    nodes: record.conditions.nodes,
  };
}
