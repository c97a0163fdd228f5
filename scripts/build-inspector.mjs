// Bundles the inspector's page into assets/inspector: what the server hands to the browser, and all of it.
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = `${root}src/inspector/page/`;
const folder = `${root}assets/inspector/`;

await mkdir(folder, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: { app: `${page}main.ts`, stately: `${page}stately.ts` },
  outdir: folder,
  bundle: true,
  platform: 'browser',
  format: 'esm',
  target: ['chrome111', 'firefox114', 'safari16.4'],
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
});
for (const file of ['index.html', 'stately.html', 'app.css', 'icon.svg'])
  await copyFile(`${page}${file}`, `${folder}${file}`);

const { size } = await stat(`${folder}app.js`);
console.log(`assets/inspector: ${Math.round(size / 1024)} KiB of code`);
