import { expect, it } from 'vitest';
import { ApiWorld } from '../../../test/support/api-world.ts';
import { readiness } from './readiness.ts';

it('is ready while it knows the ledger, the tokens and the queues, and not once what it knows is old', async () => {
  const api = new ApiWorld();
  await api.seed();
  const { app, model } = await api.process();
  expect(readiness(model, true)).toMatchObject({ isOk: false, detail: { ledger: expect.stringContaining('first') } });
  await model.refreshOnce();
  expect(readiness(model, true)).toEqual({ isOk: true, detail: {} });
  expect(readiness(model, false).isOk).toBe(false);
  // Looks fail, every one of them: nothing else about the process is wrong.
  api.world.tick(299);
  expect(readiness(model, true).isOk).toBe(true);
  api.world.tick(2);
  expect(readiness(model, true)).toMatchObject({
    isOk: false,
    detail: { ledger: expect.stringContaining('not read') },
  });
  api.isQueueAway = true;
  await model.refreshOnce();
  expect(readiness(model, true)).toMatchObject({ isOk: false, detail: { queue: 'QUEUE_UNAVAILABLE' } });
  await app.close();
});
