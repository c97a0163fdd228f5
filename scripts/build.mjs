// Builds what is published: each package's JavaScript and types into its dist/, the harness bundle, and the inspector's page.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

// Each reads the types that the ones before it were built into.
for (const folder of [
  'packages/protocol',
  'packages/harness',
  'packages/sdk',
  'packages/runtime-local',
  '.',
  'packages/cli',
]) {
  rmSync(join(root, folder, 'dist'), { recursive: true, force: true });
  run('node_modules/typescript/bin/tsc', '-p', join(folder, 'tsconfig.build.json'));
}
run('scripts/build-harness.mjs');
run('scripts/build-inspector.mjs');

function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
