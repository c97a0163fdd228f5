/** A program that owns a VM: a process and a folder of the QEMU driver's. Says what it has, and lives until it is told. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createQemuDriver } from '../../src/drivers/qemu/index.ts';
import { newGuestName } from '../../src/drivers/guest-name.ts';
import { Journal, thisOwner } from '../../src/journal/index.ts';
import { spawnDetached } from '../../src/process/spawn-detached.ts';
import { run } from '../../src/process/run.ts';
import { holdReaper } from '../../src/reaper/index.ts';
import { recordOf } from '../helpers/records.ts';

const stateDir = process.argv[2] ?? '';
const journal = new Journal(stateDir);
const guest = newGuestName();
const driver = createQemuDriver({ stateDir, cacheDir: join(stateDir, 'cache') });
const hold = holdReaper(
  stateDir,
  driver.recipe ?? { driver: '', options: {} },
  (line) => void process.stderr.write(`${line}\n`),
);
await hold.ready;
await journal.write(await recordOf(guest, stateDir));
const folder = join(stateDir, 'qemu', guest);
await mkdir(folder, { recursive: true });
// Killed here, its id is written down nowhere.
const hypervisor = await spawnDetached('sleep', ['1000'], { guest, logFile: join(folder, 'qemu.log') });
const command = run('sh', ['-c', 'sleep 1000; :'], { timeoutMs: 1_000_000 });
command.catch(() => undefined);
const has = { guest, owner: (await thisOwner()).id, hypervisor: hypervisor.pid };
process.stdout.write(`${JSON.stringify(has)}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'throw') throw new Error('as a bug would');
  if (line === 'exit') process.exit(0);
}
