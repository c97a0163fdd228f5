import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** As vitest itself sees them: what a pattern means is its to say. */
const run = JSON.parse(
  execFileSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'list', '--filesOnly', '--json'], {
    cwd: ROOT,
    encoding: 'utf8',
  }),
) as readonly { readonly file: string; readonly projectName: string }[];

it('every file of tests is in one project, and in no other', () => {
  const exclude = (name: string) => /(?:^|\/)(?:node_modules|\.git|dist)$/.test(name);
  const files = globSync('**/*.{test,spec}.{ts,tsx,mts,cts,js,mjs,cjs}', { cwd: ROOT, exclude });
  expect(files.length).toBeGreaterThan(250);
  expect(run.map(({ file }) => relative(ROOT, file)).toSorted()).toEqual(files.toSorted());
});

it('npm test runs every project', () => {
  const tasks = readFileSync(`${ROOT}/scripts/bootstrap.mjs`, 'utf8');
  const named = [...tasks.matchAll(/'--project', '(\w+)'/g)].map(([, name]) => name);
  expect(new Set(named)).toEqual(new Set(run.map(({ projectName }) => projectName)));
});
