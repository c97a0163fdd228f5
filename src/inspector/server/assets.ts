import { readFile } from 'node:fs/promises';
import { VzvmError } from '../../errors.ts';

const FOLDER = new URL('../../../assets/inspector/', import.meta.url);

/** The files of the page, by the path that they are asked by. Nothing else is ever read. */
const ASSETS: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '': { file: 'index.html', type: 'text/html; charset=utf-8' },
  'app.js': { file: 'app.js', type: 'text/javascript; charset=utf-8' },
  'app.css': { file: 'app.css', type: 'text/css; charset=utf-8' },
  'icon.svg': { file: 'icon.svg', type: 'image/svg+xml' },
};

/** Of the bridge to the hosted inspector. */
const BRIDGE: typeof ASSETS = {
  stately: { file: 'stately.html', type: 'text/html; charset=utf-8' },
  'stately.js': { file: 'stately.js', type: 'text/javascript; charset=utf-8' },
};

/** A file of the page. */
export interface Asset {
  readonly type: string;
  readonly content: Buffer;
}

/**
 * The file of a path; undefined where there is none.
 * @throws VzvmError INTERNAL where the page was not built.
 */
export async function readAsset(path: string, withBridge: boolean): Promise<Asset | undefined> {
  const known = ASSETS[path] ?? (withBridge ? BRIDGE[path] : undefined);
  if (!known) return undefined;
  const content = await readFile(new URL(known.file, FOLDER)).catch((cause: unknown) => {
    const hint = 'build it: node scripts/build-inspector.mjs';
    throw new VzvmError('INTERNAL', "the inspector's page was not built", { cause, hint });
  });
  return { type: known.type, content };
}
