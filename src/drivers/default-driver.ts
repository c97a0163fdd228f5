import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The driver that fits this machine: Tart on a Mac that has it, else QEMU. */
export async function defaultDriverName(
  host: { readonly platform?: string; readonly path?: string } = {},
): Promise<'tart' | 'qemu'> {
  const { platform = process.platform, path = process.env['PATH'] ?? '' } = host;
  return platform === 'darwin' && (await isOnPath('tart', path)) ? 'tart' : 'qemu';
}

async function isOnPath(program: string, path: string): Promise<boolean> {
  for (const folder of path.split(delimiter).filter((each) => each !== '')) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
