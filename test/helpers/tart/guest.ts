import type { CloneRequest, Driver } from '../../../src/drivers/driver.ts';
import { newGuestName } from '../../../src/drivers/guest-name.ts';

const never = new AbortController().signal;

/** Asks for a VM of the image "base". */
export async function requestOf(driver: Driver, ref = 'base'): Promise<CloneRequest> {
  return {
    image: await driver.resolveImage(ref, { signal: never, log: () => undefined }),
    guest: newGuestName(),
    resources: { cpu: 1, memoryMiB: 512 },
    user: 'admin',
    authorizedKey: 'unused',
  };
}

/** A VM that is there. */
export async function cloned(driver: Driver, ref?: string): Promise<string> {
  const request = await requestOf(driver, ref);
  await driver.clone(request, never);
  return request.guest;
}

/** A VM that runs. */
export async function running(driver: Driver, ref?: string) {
  const guest = await cloned(driver, ref);
  return { guest, ...(await driver.start(guest, never)) };
}
