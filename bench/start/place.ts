import { VZVMSubstrate, type VZVMSubstrateOptions } from '@computeragent/runtime-vzvm';
import { BASE_IMAGE, type Place } from '../place.ts';

/** A substrate of the benchmark's own folders. */
export function substrateIn({ stateDir, cacheDir }: Place, options: VZVMSubstrateOptions): VZVMSubstrate {
  return new VZVMSubstrate({ driver: 'qemu', baseImage: BASE_IMAGE, stateDir, cacheDir, ...options });
}

/** Keeps what VMs start from: the prepared image, and a template of it. */
export async function prepare(place: Place, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  await using substrate = substrateIn(place, { onLog: say, signal, warm: { size: 1 } });
  await substrate.prepareImage({ signal });
  // A pool forks what it parks, and has the template made for that.
  await substrate.warmUp();
}
