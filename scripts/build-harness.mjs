// Bundles the harness server into assets/harness.mjs: the one file of code that a guest is given.
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const outfile = at('assets/harness.mjs');

await build({
  entryPoints: [at('packages/harness/src/main.ts')],
  outfile,
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
  // Some bundled packages are CommonJS and ask for Node's own modules with require.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
  },
  legalComments: 'none',
  logLevel: 'warning',
});

const { size } = await stat(outfile);
console.log(`assets/harness.mjs: ${Math.round(size / 1024)} KiB`);
