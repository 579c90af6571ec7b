/** The API as people use it who change things: processes over one ledger, closed after the file that imports this. */
import { afterAll } from 'vitest';
import { ApiWorld } from './api-world.ts';

type Process = Awaited<ReturnType<ApiWorld['process']>>;

const closing: (() => Promise<unknown>)[] = [];
afterAll(() => Promise.all(closing.map((close) => close())));

export const VIEWER = { authorization: 'Bearer viewer' };

/** `prepare` writes what stands in the ledger before the first process looks. */
export async function startApi(prepare: (api: ApiWorld) => Promise<void> = async () => undefined) {
  const api = new ApiWorld();
  await api.seed();
  await prepare(api);
  const process = async (instance: string) => {
    const made = await api.process({}, instance);
    closing.push(() => made.app.close());
    await made.model.refreshOnce();
    return made;
  };
  const { app, ledger, model } = await process('a');
  let keys = 0;
  /** By the operator unless `who` says another one, each time under a new key. */
  const change = (
    url: string,
    payload: object,
    options: { who?: string; key?: string; on?: Process['app']; method?: 'POST' | 'PATCH' } = {},
  ) =>
    (options.on ?? app).inject({
      method: options.method ?? 'POST',
      url,
      payload: { reason: 'because', ...payload },
      headers: {
        authorization: `Bearer ${options.who ?? 'operator'}`,
        'idempotency-key': options.key ?? `key-number-${++keys}`,
      },
    });
  return { api, app, ledger, model, process, change };
}
