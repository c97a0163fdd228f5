import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Payload } from '../actors/index.ts';
import { VzvmError } from '../errors.ts';
import { digestOf, type Preparation } from '../guest/index.ts';

const ASSETS = new URL('../../assets/', import.meta.url);

/**
 * Reads what is uploaded to a guest.
 * @throws VzvmError OPTION_INVALID when a file cannot be read.
 */
export async function readPayload(bundlePath?: string, preparation?: Preparation): Promise<Payload> {
  const harness = await read(
    bundlePath ?? fileURLToPath(new URL('harness.mjs', ASSETS)),
    bundlePath !== undefined,
  );
  const packages = [
    { path: 'package.json', content: await read(fileURLToPath(new URL('package.json', ASSETS)), false) },
    {
      path: 'package-lock.json',
      content: await read(fileURLToPath(new URL('package-lock.json', ASSETS)), false),
    },
  ];
  const wishes = preparation ? [{ path: 'prepare', content: JSON.stringify(preparation) }] : [];
  const files = [{ path: 'harness.mjs', content: harness }, ...packages];
  return { files, harnessDigest: digestOf(files), packagesDigest: digestOf([...packages, ...wishes]) };
}

async function read(path: string, isOption: boolean): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new VzvmError('OPTION_INVALID', `the harness file ${path} cannot be read`, {
      facts: { path },
      hint: isOption ? 'correct bundlePath' : 'build the bundle: npm run build:harness',
      cause,
    });
  }
}
