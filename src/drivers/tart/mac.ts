import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { VzvmError } from '../../errors.ts';

const config = z.looseObject({ macAddress: z.string() });

/**
 * The hardware address of a VM, which no verb of Tart's tells; undefined where there is no such VM.
 * @throws VzvmError COMMAND_FAILED (retry "safe") where it cannot be read: a guest must not go unchecked for that.
 */
export async function readMac(home: string, guest: string): Promise<string | undefined> {
  const file = join(home, 'vms', guest, 'config.json');
  try {
    return config.parse(JSON.parse(await readFile(file, 'utf8'))).macAddress.toLowerCase();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new VzvmError('COMMAND_FAILED', `the hardware address of ${guest} cannot be read`, {
      facts: { guest, path: file },
      hint: `the VM may be damaged, look at it: cat ${file}; to remove it: npx vzvm rm ${guest}`,
      retry: 'safe',
      cause,
    });
  }
}
