import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { IdentityLoader } from '../../src/identity/loader.ts';
import { TestHarness } from '../helpers/harness.ts';

it('a file with permission bits is there for the loader of an inline source, and keeps the bits', async () => {
  const seen: string[] = [];
  const loader: IdentityLoader = {
    name: 'gitagentprotocol',
    load: async (_source, workdir) => {
      seen.push(...(await readdir(workdir)));
      return { name: 'n', version: '1', options: {}, humanInTheLoop: 'none', warnings: [] };
    },
  };
  await using harness = await TestHarness.start({ loaders: [loader] });
  const id = await harness.create({
    attachments: [
      { path: 'run.sh', content: '#!/bin/sh', mode: 0o755 },
      { path: 'late.txt', content: '' },
    ],
  });
  expect(seen).toEqual(['run.sh']);
  const tree = await (await harness.request(`/v1/sessions/${id}/fs/tree`)).json();
  const { entries } = tree as { entries: { path: string; mode: number }[] };
  const modes = Object.fromEntries(entries.map(({ path, mode }) => [path, mode & 0o777]));
  expect(modes).toEqual({ 'run.sh': 0o755, 'late.txt': 0o644 });
});
