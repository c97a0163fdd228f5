import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPayload } from '../../src/substrate/payload.ts';
import { tempDir } from '../helpers/temp.ts';

describe('what is uploaded', () => {
  it('is the bundle with its package and lock file', async () => {
    await using temp = await tempDir();
    const bundle = join(temp.path, 'bundle.mjs');
    await writeFile(bundle, 'export {};');
    const { files } = await readPayload(bundle);
    expect(files.map(({ path }) => path)).toEqual(['harness.mjs', 'package.json', 'package-lock.json']);
    expect(String(files[0]?.content)).toBe('export {};');
  });

  it('has one digest for all of it, and one for the packages alone', async () => {
    await using temp = await tempDir();
    const bundle = join(temp.path, 'bundle.mjs');
    await writeFile(bundle, 'one');
    const one = await readPayload(bundle);
    await writeFile(bundle, 'two');
    const two = await readPayload(bundle);
    expect(two.harnessDigest).not.toBe(one.harnessDigest);
    expect(two.packagesDigest).toBe(one.packagesDigest);
    const wished = await readPayload(bundle, { packages: ['jq'], script: undefined });
    expect(wished.packagesDigest).not.toBe(two.packagesDigest);
    expect(wished.harnessDigest).toBe(two.harnessDigest);
  });

  it('that cannot be read is named, with the option that names it', async () => {
    await expect(readPayload('/no/such/bundle.mjs')).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      facts: { path: '/no/such/bundle.mjs' },
      hint: 'correct bundlePath',
      cause: { code: 'ENOENT' },
    });
  });
});
