import type { Driver } from '../drivers/driver.ts';
import { defaultDriverName } from '../drivers/default-driver.ts';
import { createDriver } from '../drivers/registry.ts';
import type { VZVMSubstrateOptions } from './options.ts';

const DEFAULT_IMAGES: Readonly<Record<string, string>> = { tart: 'ghcr.io/cirruslabs/ubuntu:latest' };

/** The driver that the options name, or the one that fits this machine. */
export async function chooseDriver(
  options: VZVMSubstrateOptions,
  log: (line: string) => void,
): Promise<Driver> {
  if (typeof options.driver === 'object') return options.driver;
  const name = options.driver ?? (options.tartBin === undefined ? await defaultDriverName() : 'tart');
  const { tartBin, accelerator, stateDir, cacheDir } = options;
  return createDriver(name, {
    log,
    ...(tartBin === undefined ? {} : { tartBin }),
    ...(accelerator === undefined ? {} : { accelerator }),
    ...(stateDir === undefined ? {} : { stateDir }),
    ...(cacheDir === undefined ? {} : { cacheDir }),
  });
}

/** The image that the options name, or the driver's default. */
export function imageFor(driver: Driver, options: VZVMSubstrateOptions): string {
  return options.baseImage ?? DEFAULT_IMAGES[driver.name] ?? 'debian:12';
}
