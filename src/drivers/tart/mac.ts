import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const config = z.looseObject({ macAddress: z.string() });

/** The hardware address of a VM, which no verb of Tart's tells; undefined where it cannot be read. */
export async function readMac(home: string, guest: string): Promise<string | undefined> {
  const text = await readFile(join(home, 'vms', guest, 'config.json'), 'utf8').catch(() => '{}'); // It is gone.
  return config.safeParse(JSON.parse(text)).data?.macAddress.toLowerCase();
}
