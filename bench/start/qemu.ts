import { availableParallelism } from 'node:os';
import { VZVMSubstrate } from '@computeragent/runtime-vzvm';
import { findKept } from '../../src/drivers/qemu/images/kept.ts';
import { hostArch } from '../../src/drivers/qemu/host.ts';
import { qemuVersion } from '../../src/drivers/qemu/tools.ts';
import { RESOURCES } from '../by-hand-vm.ts';
import { preparedFloor } from '../floor.ts';
import { BASE_IMAGE, makePlace, type Place } from '../place.ts';
import { forkByHand } from '../raw-fork.ts';
import { upstreamSequence } from '../upstream.ts';
import { firstCommand } from './command.ts';
import type { How, Opened, Subject } from './subject.ts';

/** VMs of the QEMU driver. Image and template are there before anything is measured. */
export async function qemuSubject(signal: AbortSignal, say: (line: string) => void): Promise<Subject> {
  const place = await makePlace(signal, say, { sharesPrepared: true });
  try {
    say('preparing the image and its template');
    const key = await prepare(place, signal);
    const prepared = await findKept(place, key);
    if (!prepared) throw new Error('there is no prepared image');
    const arch = hostArch();
    return {
      about: {
        image: BASE_IMAGE,
        qemu: await qemuVersion(arch.qemu, arch.node, signal),
        accelerator: place.accelerator,
        processors: availableParallelism(),
        'processors of a VM': RESOURCES.cpu,
        'MiB of a VM': RESOURCES.memoryMiB,
        node: process.versions.node,
      },
      open: (how) => openQemu(place, how, signal),
      command: (baseUrl) => firstCommand(baseUrl, signal),
      bootByHand: async () => {
        const { overlay, banner, harness } = (await preparedFloor(place, prepared, signal)).parts;
        return { banner: [overlay + banner], harness: [harness], healthy: [overlay + banner + harness] };
      },
      forkByHand: () => forkByHand(place, signal),
      upstream: () => upstreamSequence(place, (baseUrl) => firstCommand(baseUrl, signal), signal),
      [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
    };
  } catch (error) {
    await place[Symbol.asyncDispose]();
    throw error;
  }
}

const optionsOf = ({ stateDir, cacheDir }: Place, { prepare, fork }: How) =>
  ({ driver: 'qemu', baseImage: BASE_IMAGE, stateDir, cacheDir, prepare, fork }) as const;

async function prepare(place: Place, signal: AbortSignal): Promise<string> {
  await using substrate = new VZVMSubstrate({
    ...optionsOf(place, { prepare: 'auto', fork: 'auto' }),
    signal,
  });
  const { key, hasTemplate } = await substrate.prepareImage({ signal });
  if (!hasTemplate) throw new Error('no template could be made');
  return key;
}

function openQemu(place: Place, how: How, signal: AbortSignal): Opened {
  let vms = 0;
  const { warm } = how;
  const pool =
    warm === undefined
      ? {}
      : {
          warm: { size: warm, memoryBudgetMiB: warm * RESOURCES.memoryMiB },
          // None boots in the place of one that was taken: it would be measured, too.
          maxConcurrent: warm,
        };
  const onVm = () => void (vms += 1);
  const substrate = new VZVMSubstrate({ ...optionsOf(place, how), ...pool, signal, onVm });
  return {
    boot: async () => {
      const { baseUrl, vm } = await substrate.bootHarness({ envs: {} });
      const states = vm.timeline.filter(({ skipped }) => !skipped).map(({ state }) => state);
      return { baseUrl, states };
    },
    warmUp: async () => {
      await substrate.warmUp({ signal });
      return vms;
    },
    [Symbol.asyncDispose]: () => substrate[Symbol.asyncDispose](),
  };
}
