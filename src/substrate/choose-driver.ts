import type { Driver } from '../drivers/driver.ts';
import { defaultDriverName } from '../drivers/default-driver.ts';
import { writeNetwork } from '../drivers/guest-network.ts';
import { createDriver } from '../drivers/registry.ts';
import { VzvmError } from '../errors.ts';
import { demandFolders, hostMounts } from './host-mounts.ts';
import type { VZVMSubstrateOptions } from './options.ts';

const DEFAULT_IMAGES: Readonly<Record<string, string>> = { tart: 'ghcr.io/cirruslabs/ubuntu:latest' };

/** The driver that the options name, or the one that fits this machine. */
export async function chooseDriver(
  options: VZVMSubstrateOptions,
  log: (line: string) => void,
): Promise<Driver> {
  if (typeof options.driver === 'object') {
    demandNat(options.driver.name, options);
    demandNoMounts(options.driver.name, options);
    return options.driver;
  }
  const name = options.driver ?? (options.tartBin === undefined ? await defaultDriverName() : 'tart');
  if (name !== 'tart') {
    demandNat(name, options);
    demandNoMounts(name, options);
  }
  const mounts = hostMounts(options);
  await demandFolders(mounts);
  const { tartBin, accelerator, stateDir, cacheDir, network } = options;
  return createDriver(name, {
    log,
    mounts,
    ...(tartBin === undefined ? {} : { tartBin }),
    ...(accelerator === undefined ? {} : { accelerator }),
    ...(network === undefined ? {} : { network: writeNetwork(network) }),
    ...(stateDir === undefined ? {} : { stateDir }),
    ...(cacheDir === undefined ? {} : { cacheDir }),
  });
}

function demandNat(driver: string, { network = 'nat' }: VZVMSubstrateOptions): void {
  if (network === 'nat') return;
  throw new VzvmError('UNSUPPORTED', `the driver ${driver} cannot be told of another network than NAT`, {
    facts: { driver, network: writeNetwork(network) },
    hint: "leave the option network out, or use driver: 'tart', by its name, on a Mac",
  });
}

function demandNoMounts(driver: string, { mounts = {} }: VZVMSubstrateOptions): void {
  const [target] = Object.keys(mounts);
  if (target === undefined) return;
  throw new VzvmError('UNSUPPORTED', `the driver ${driver} cannot show guests folders of the host`, {
    facts: { driver, target },
    hint: 'send files with the source of the agent or its attachments instead, or leave the option mounts out',
  });
}

/** The image that the options name, or the driver's default. */
export function imageFor(driver: Driver, options: VZVMSubstrateOptions): string {
  return options.baseImage ?? DEFAULT_IMAGES[driver.name] ?? 'debian:12';
}
