/** The section `calibration` of lakehaul.yaml. */
import { z } from 'zod';
import { durationMs, sizeBytes, whole } from './fields.ts';

export const calibration = z
  .strictObject({
    minTableBytes: sizeBytes()
      .prefault('1TiB')
      .describe('Before the first table of this planned size is hauled at full width, its first chunks are measured.'),
    chunks: whole(0, 100)
      .default(4)
      .describe('Chunks to measure: one alone, then the others as throttle.startSlots lets them in. 0: none.'),
    withinMs: durationMs()
      .prefault('1h')
      .describe('Measuring holds back other chunks of big tables no longer than this.'),
  })
  .describe(
    'How fast the source unloads, measured before the first big table: MB/s per slice, chunk sizes, a first ETA.',
  );
