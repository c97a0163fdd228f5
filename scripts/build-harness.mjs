// Bundles the harness server into assets/harness.mjs (or --outfile): the one file of code that a guest is given.
import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { outfile: { type: 'string', default: `${root}assets/harness.mjs` } },
});

await build({
  absWorkingDir: root,
  entryPoints: ['packages/harness/src/main.ts'],
  outfile: values.outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  conditions: ['source'],
  minify: true,
  // Names stay, so that a stack trace from a guest can be read.
  keepNames: true,
  // Brings a native program of its own: installed in the guest by npm.
  external: ['@anthropic-ai/claude-agent-sdk'],
  // Bundled CommonJS asks for Node's own modules with require.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
  legalComments: 'none',
  logLevel: 'warning',
});

const { size } = await stat(values.outfile);
console.log(`${relative(root, values.outfile)}: ${Math.round(size / 1024)} KiB`);
