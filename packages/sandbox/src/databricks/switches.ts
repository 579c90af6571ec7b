/** What is not confirmed about the real warehouses, or differs between them: tests run both ways. */
export interface DatabricksSwitches {
  /** The catalog that sessions start in; it exists from the beginning. */
  catalog: string;
  /** Statements at once, and how many may wait. */
  slots: number;
  queueMax: number;
  /** A COPY INTO whose files another one committed meanwhile: fails, or ends with 0 rows. */
  racingCopy: 'error' | 'zero-rows';
  /** Bucket of managed tables. */
  bucket: string;
  /** Tables with a row filter or column mask, by full name: shown in DESCRIBE EXTENDED, and applied to nobody. */
  rowFilters: Readonly<Record<string, string>>;
  columnMasks: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const DEFAULT_SWITCHES: DatabricksSwitches = {
  catalog: 'main',
  slots: 10,
  queueMax: 1_000,
  racingCopy: 'error',
  bucket: 'lakehaul-warehouse',
  rowFilters: {},
  columnMasks: {},
};
