/**
 * How fast the source unloads, measured on the first chunks of big tables: one record a migration, written once. A cluster
 * that is resized later goes on under it; what was really moved tells the pace by then.
 */
import { z } from 'zod';
import type { LedgerRecord, RecordStore } from './records.ts';

const whole = z.number().int().nonnegative();
/** Bytes, or bytes a second, as whole decimal text. */
const bytes = z.string().regex(/^\d+$/);

export const calibrationRecord = z.object({
  schemaVersion: z.literal(1),
  chunks: whole.min(1),
  /** Most of them that ran at the same time. */
  atOnce: whole.min(1),
  /** Planned bytes of all of them a second, while at least one ran; the same in staged Parquet. */
  bytesPerSecond: bytes,
  stagedBytesPerSecond: bytes,
  /** Of one statement. */
  fastestBytesPerSecond: bytes,
  slowestBytesPerSecond: bytes,
  conditions: z.object({
    kind: z.enum(['provisioned', 'serverless']),
    /** Of STV_SLICES; null where it cannot be read. */
    slices: whole.min(1).nullable(),
    nodes: whole.min(1).nullable(),
    /** Slots that the throttle began with: no more were let in at once. */
    startSlots: whole,
  }),
  samples: z.array(
    z.object({
      chunk: z.string().min(1),
      durationMs: whole,
      sourceBytes: bytes,
      stagedBytes: bytes,
    }),
  ),
});

export type CalibrationRecord = z.infer<typeof calibrationRecord>;
export const CALIBRATION = 'calibration/unload';

export class Calibrations {
  readonly #records: RecordStore;
  /** Never changes once it is there. */
  #known: LedgerRecord<CalibrationRecord> | null = null;

  constructor(records: RecordStore) {
    this.#records = records;
  }

  /** One GET a call until there is one. */
  async current(): Promise<LedgerRecord<CalibrationRecord> | null> {
    this.#known ??= await this.#records.read(CALIBRATION, calibrationRecord);
    return this.#known;
  }

  /** What this process has seen, without asking. */
  get known(): CalibrationRecord | null {
    return this.#known?.body ?? null;
  }

  /** Two planners may measure at once: the first one's stays. */
  async write(body: CalibrationRecord): Promise<LedgerRecord<CalibrationRecord>> {
    this.#known = (await this.#records.write(CALIBRATION, body)).record;
    return this.#known;
  }
}
