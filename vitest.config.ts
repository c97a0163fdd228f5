import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const source = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source', 'node'] } } };

/** Tests of pages in a real browser, which takes a processor for itself. */
const BROWSER = ['test/**/*.browser.test.ts'];
/** Tests that run the real engine, real programs by the dozen or thousands of lives: nobody waits for them all day. */
const REAL = ['test/**/*.real.test.ts', 'packages/*/test/**/*.real.test.ts'];
/** The page is built by the tests that need it: they must not see an older one. */
const PAGE = ['test/helpers/build-page.ts'];
const OWN_FOLDERS = ['test/helpers/own-folders.ts'];

/** Tests that run the stand-in for tart, without guests: they would keep the processors from all others. */
const STANDIN = ['test/standin/**/*.test.ts', 'test/drivers/tart/**/*.test.ts', 'test/contract/**/*.test.ts'];

/**
 * Deadlines, not tolerances: a machine that stands still for seconds fails no test. A wait for something is over before its
 * test is, so that it can tell what it waited for.
 */
const DEADLINES = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 30_000 } } };

export default defineConfig({
  test: {
    // Most of what the tests do is wait for processes and sockets of their own.
    maxWorkers: 2 * availableParallelism(),
    projects: [
      {
        ...source,
        test: {
          ...DEADLINES,
          name: 'unit',
          include: ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
          exclude: ['test/e2e/**', ...STANDIN, ...BROWSER, ...REAL, '**/node_modules/**'],
          // A process for each file would cost more than the tests: none of them may leave anything behind anyway.
          isolate: false,
          setupFiles: OWN_FOLDERS,
          globalSetup: PAGE,
        },
      },
      {
        ...source,
        test: {
          ...DEADLINES,
          name: 'real',
          include: REAL,
          isolate: false,
          setupFiles: OWN_FOLDERS,
          globalSetup: PAGE,
        },
      },
      {
        ...source,
        test: {
          ...DEADLINES,
          name: 'browser',
          include: BROWSER,
          isolate: false,
          setupFiles: OWN_FOLDERS,
          fileParallelism: false,
          globalSetup: PAGE,
        },
      },
      {
        ...source,
        test: {
          ...DEADLINES,
          name: 'standin',
          include: STANDIN,
          isolate: false,
          setupFiles: OWN_FOLDERS,
        },
      },
      {
        ...source,
        test: {
          ...DEADLINES,
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
