/** Boots a VM and gives it to nobody. */
import { VZVMSubstrate, type VZVMSubstrateOptions } from '../../src/index.ts';

const [options = '', ttlMs = ''] = process.argv.slice(2);
const substrate = new VZVMSubstrate(JSON.parse(options) as VZVMSubstrateOptions);
const { vm, baseUrl } = await substrate.bootHarness({ envs: {} });
const { name, expiresAt } = await vm.detach({ ttlMs: Number(ttlMs) });
await substrate.dispose();
process.stdout.write(`${JSON.stringify({ name, baseUrl, expiresAt })}\n`);
