import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const source = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source', 'node'] } } };

export default defineConfig({
  test: {
    // Most of what the tests do is wait for processes and sockets of their own.
    maxWorkers: 2 * availableParallelism(),
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
          exclude: ['test/e2e/**', '**/node_modules/**'],
          // A process for each file would cost more than the tests: none of them may leave anything behind anyway.
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        ...source,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 30 * 60_000,
          hookTimeout: 30 * 60_000,
        },
      },
    ],
  },
});
