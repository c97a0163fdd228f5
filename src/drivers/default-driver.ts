import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { withHomebrew } from './program-folders.ts';

/** The driver that fits this machine: Tart on a Mac that has it, else QEMU. */
export async function defaultDriverName(
  host: { readonly platform?: string; readonly path?: string } = {},
): Promise<'tart' | 'qemu'> {
  const { platform = process.platform, path } = host;
  const folders = path?.split(':') ?? withHomebrew(process.env['PATH'] ?? '');
  return platform === 'darwin' && (await isIn('tart', folders)) ? 'tart' : 'qemu';
}

async function isIn(program: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders.filter((each) => each !== '')) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
