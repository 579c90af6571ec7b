import type { Outside, OutsideOptions } from '@lakehaul/core';
import { describe, expect, it } from 'vitest';
import type { DatabricksDeps, DatabricksOptions } from './options.ts';
import type { Workspace } from './rest.ts';
import { Warehouse } from './warehouse.ts';

/** How each statement leaves the process; the driver is never asked. */
function asked(): { warehouse: Warehouse; calls: { point: string; options: OutsideOptions | undefined }[] } {
  const calls: { point: string; options: OutsideOptions | undefined }[] = [];
  const outside: Outside = <T>(point: string, _call: unknown, options?: OutsideOptions) => {
    calls.push({ point, options });
    return Promise.resolve({ statementId: 's', rows: [] } as T);
  };
  const deps = { outside, clock: { nowMs: () => 0, sleep: () => Promise.resolve() } } as unknown as DatabricksDeps;
  const options = { statements: { targetTimeoutMs: 60_000 } } as unknown as DatabricksOptions;
  return { warehouse: new Warehouse(options, deps, {} as Workspace, null), calls };
}

describe('a statement of the warehouse', () => {
  it('that writes is sent once: what became of it is found out by the rows, never by sending it again', async () => {
    const { warehouse, calls } = asked();
    await warehouse.write('COPY INTO t');
    expect(calls).toHaveLength(1);
    expect(calls[0]?.point).toBe('databricks.write');
    expect(calls[0]?.options?.isIdempotent ?? false).toBe(false);
  });

  it('that reads may be repeated', async () => {
    const { warehouse, calls } = asked();
    await warehouse.read('SELECT 1');
    expect(calls[0]?.options?.isIdempotent).toBe(true);
  });
});
