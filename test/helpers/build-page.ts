import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('../../scripts/build-inspector.mjs', import.meta.url));

/** Builds the inspector's page, once before all tests. */
export default async function buildPage(): Promise<void> {
  await promisify(execFile)(process.execPath, [SCRIPT]);
}
