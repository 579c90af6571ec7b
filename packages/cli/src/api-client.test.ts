import { STATUS_JSON, utcTime } from '@lakehaul/operate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ApiWorld } from '../../../test/support/api-world.ts';
import { openApi } from './api-client.ts';

const api = new ApiWorld();
await api.seed();
const { app, model } = await api.process();
let url = '';
beforeAll(async () => {
  await model.refreshOnce();
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

const STATUS = STATUS_JSON.extend({ asOf: utcTime });
const { signal } = new AbortController();
const get = async (token: string, path = '/v1/status', shape: z.ZodType = STATUS, to = url) =>
  (await openApi(to, { LAKEHAUL_CONTROL_TOKEN: token })).get(path, shape, signal);

describe('the client of the API', () => {
  it('reads what the service tells', async () => {
    const { migration } = model.snapshot.report;
    expect(await get('viewer')).toMatchObject({ value: { migration }, ledgerAgeMs: 0 });
    api.world.tick(90);
    expect(await get('viewer')).toMatchObject({ value: { migration }, ledgerAgeMs: 90_000 });
    // As the demo prints it.
    expect((await get('viewer', '/v1/status', STATUS, `${url}/#token=${'0'.repeat(64)}`)).value).toMatchObject({
      migration,
    });
  });

  it('says what stands against it, and never the token', async () => {
    const told = async (...asked: Parameters<typeof get>) => {
      const error = await get(...asked).then(
        () => null,
        (thrown: Error & { code: string }) => thrown,
      );
      expect(JSON.stringify(error) + String(error)).not.toContain('stranger-token');
      return [error?.code, error?.message];
    };
    expect(await told('stranger-token')).toEqual(['UNAUTHENTICATED', 'the control service does not know the token']);
    expect(await told('viewer', '/v1/none')).toEqual(['UNAVAILABLE', 'NOT_FOUND: no such path']);
    expect((await told('viewer', '/v1/status', z.strictObject({})))[1]).toContain('is the service of this version?');
    expect((await told('viewer', '/v1/status', STATUS, 'http://127.0.0.1:1'))[0]).toBe('UNAVAILABLE');
    await expect(openApi(url, {})).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(openApi('file:///etc', { LAKEHAUL_CONTROL_TOKEN: 'x' })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
