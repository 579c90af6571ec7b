import { defineConfig } from 'vitest/config';

// `unit` needs nothing but Node and is the under-a-minute loop of `npm run check`; `sandbox` starts the local clouds;
// `fleet` starts real processes and a queue store. The suffix of a test file says which one it is.
// Fleet tests have the machine for themselves: they wait for real processes.
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: ['test/support/property-seed.ts'],
          include: ['packages/**/*.test.ts', 'services/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/*.sandbox.test.ts', '**/*.fleet.test.ts', '**/node_modules/**'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'sandbox',
          setupFiles: ['test/support/property-seed.ts'],
          include: ['packages/**/*.sandbox.test.ts', 'services/**/*.sandbox.test.ts', 'test/**/*.sandbox.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'fleet',
          globalSetup: ['test/support/bundled-services.ts'],
          include: ['packages/**/*.fleet.test.ts', 'services/**/*.fleet.test.ts', 'test/**/*.fleet.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
