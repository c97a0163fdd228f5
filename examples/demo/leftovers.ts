import { readdir, readFile } from 'node:fs/promises';
import type { ListedGuest, VmHandle } from '@computeragent/runtime-vzvm';

/** What is left of a VM, looked for from outside: its process, its files, any process that names it. */
export async function leftovers(vm: VmHandle, guests: readonly ListedGuest[]): Promise<string[]> {
  return [
    ...guests.filter(({ name }) => name === vm.name).map(({ name }) => `guest ${name}`),
    ...(await processesNaming(vm.name)),
  ];
}

async function processesNaming(name: string): Promise<string[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((entry) => /^\d+$/.test(entry));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, index) => lines[index]?.includes(name)).map((pid) => `process ${pid}`);
}
