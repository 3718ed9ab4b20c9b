import { defineConfig } from 'vitest/config';

// unit and contract tests run in parallel; whole systems and browsers run one file at a time, on their own.
export default defineConfig({
  test: {
    // A condition is awaited for as long as it takes on a machine that stands still for a moment: no test is about that time.
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 20_000,
    projects: [
      { extends: true, test: { name: 'architecture', include: ['test/architecture.test.ts'] } },
      { extends: true, test: { name: 'unit', include: ['test/{unit,fuzz}/**/*.test.{ts,tsx}'] } },
      {
        extends: true,
        test: { name: 'contract', include: ['test/contract/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        extends: true,
        test: {
          name: 'system',
          globalSetup: ['test/support/build.ts'],
          include: ['test/{integration,e2e}/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
