/** Boots a VM and gives it to nobody. */
import { VZVMSubstrate } from '../../src/index.ts';

const [stateDir = '', cacheDir = '', ttlMs = ''] = process.argv.slice(2);
const substrate = new VZVMSubstrate({ driver: 'qemu', stateDir, cacheDir });
const { vm, baseUrl } = await substrate.bootHarness({ envs: {} });
const { name, expiresAt } = await vm.detach({ ttlMs: Number(ttlMs) });
await substrate.dispose();
process.stdout.write(`${JSON.stringify({ name, baseUrl, expiresAt })}\n`);
