// The first command after a clone: installs what is missing, builds the assets, then runs a task on the
// project's own Node. Plain JavaScript for any Node from 18 on, because it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { installNpmPackages } from './bootstrap/npm-packages.mjs';
import { installSystemPackages } from './bootstrap/system-packages.mjs';
import { runTask, root } from './bootstrap/run-task.mjs';

const TASKS = {
  demo: [['--conditions=source', 'examples/vzvm-demo.ts']],
  test: [
    ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'],
    ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'src/inspector/page/tsconfig.json'],
    ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'],
    ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
    ['node_modules/knip/bin/knip.js'],
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit'],
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'real'],
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'standin'],
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'browser'],
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'e2e'],
  ],
  bench: [['--conditions=source', 'bench/main.ts']],
  chaos: [['--conditions=source', 'chaos/main.ts']],
  conformance: [['--conditions=source', 'packages/cli/src/main.ts', 'conformance']],
  soak: [['--conditions=source', '--expose-gc', 'chaos/soak/main.ts']],
};

const [task, ...args] = process.argv.slice(2);
const commands = TASKS[task];
if (!commands) {
  console.error(`bootstrap: unknown task ${JSON.stringify(task)}; known: ${Object.keys(TASKS).join(', ')}`);
  process.exit(64);
}

installNpmPackages();
// It boots no VM.
if (task !== 'conformance') installSystemPackages({ forTests: ['test', 'chaos', 'soak'].includes(task) });
buildAsset('scripts/build-harness.mjs', 'harness.mjs');
buildAsset('scripts/build-inspector.mjs', 'inspector/app.js');
for (const [index, command] of commands.entries()) {
  const last = index === commands.length - 1;
  const status = await runTask([...command, ...(last ? args : [])]);
  if (status !== 0) process.exit(status);
}

function buildAsset(script, file) {
  const built = spawnSync('node_modules/node/bin/node', [script], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (built.status !== 0 || !existsSync(new URL(`../assets/${file}`, import.meta.url))) {
    console.error(`bootstrap: assets/${file} could not be built; run: node ${script}`);
    process.exit(1);
  }
}
