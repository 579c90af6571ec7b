import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { ApiWorld } from '../../../test/support/api-world.ts';

const directory = mkdtempSync(join(tmpdir(), 'console-'));
mkdirSync(join(directory, 'assets'));
writeFileSync(join(directory, 'index.html'), '<!doctype html><title>c</title>');
writeFileSync(join(directory, '.sources'), 'digest');
writeFileSync(join(directory, 'assets/index-abc.js'), 'let a = 1;'.repeat(100));
writeFileSync(join(directory, 'assets/secret.map'), '{}');
const api = new ApiWorld();
await api.seed();
const { app } = await api.process({ consoleDirectory: directory });
afterAll(async () => {
  await app.close();
  rmSync(directory, { recursive: true });
});

it('anybody is given the page, which may load nothing from elsewhere and run no script of its own text', async () => {
  const page = await app.inject({ url: '/' });
  expect([page.statusCode, page.body]).toEqual([200, '<!doctype html><title>c</title>']);
  expect(page.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  });
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
});

it('its files are kept for ever, since their names tell what is in them', async () => {
  const plain = await app.inject({ url: '/assets/index-abc.js' });
  expect(plain.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-type': 'text/javascript; charset=utf-8',
  });
  for (const [encoding, unpack] of [
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const) {
    const sent = await app.inject({ url: '/assets/index-abc.js', headers: { 'accept-encoding': `${encoding}, x` } });
    expect(sent.headers['content-encoding']).toBe(encoding);
    expect(unpack(sent.rawPayload).toString()).toBe(plain.body);
  }
});

it('what is no file of the console is as unknown to a stranger as any path', async () => {
  for (const url of ['/assets/secret.map', '/assets/', '/.sources', '/index.html', '/assets/../.sources'])
    expect((await app.inject({ url })).statusCode, url).toBe(401);
});

it('where it is not built, the page says how to build it', async () => {
  const without = await api.process({ consoleDirectory: null });
  const page = await without.app.inject({ url: '/' });
  expect(page.statusCode).toBe(503);
  expect(page.body).toContain('npm run console');
  await without.app.close();
});
