import { strict as assert } from 'node:assert';
import { VzvmError } from '../errors.ts';
import type { CloneRequest, Driver, GuestInfo, GuestProcess, Image } from './driver.ts';
import { newGuestName } from './guest-name.ts';

/** What the contract needs of a driver under test. */
export interface ContractSubject {
  readonly driver: Driver;
  /** An image that `resolveImage` knows. */
  readonly image: string;
  /** One that it does not. */
  readonly unknownImage: string;
  /** A port of a started guest that answers; undefined when none is promised. */
  readonly openPort?: number;
}

export const never = (): AbortSignal => new AbortController().signal;

export function imageOf({ driver, image }: ContractSubject): Promise<Image> {
  return driver.resolveImage(image, { signal: never(), log: () => undefined });
}

export async function requestFor(subject: ContractSubject): Promise<CloneRequest> {
  return {
    image: await imageOf(subject),
    guest: newGuestName(),
    resources: { cpu: 1, memoryMiB: 512 },
    user: 'admin',
    authorizedKey:
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDriverContractDriverContractDriverContract0 contract',
  };
}

export async function withClone(
  subject: ContractSubject,
  work: (guest: string, request: CloneRequest) => Promise<void>,
): Promise<void> {
  await withGuestOf(subject.driver, await requestFor(subject), work);
}

export async function withGuestOf(
  driver: Driver,
  request: CloneRequest,
  work: (guest: string, request: CloneRequest) => Promise<void>,
): Promise<void> {
  await driver.clone(request, never());
  try {
    await work(request.guest, request);
  } finally {
    await driver.delete(request.guest);
  }
  assert.equal(await listed(driver, request.guest), undefined);
}

export async function withStarted(
  subject: ContractSubject,
  work: (guest: string, process: GuestProcess) => Promise<void>,
): Promise<void> {
  await withClone(subject, async (guest) => {
    await work(guest, await subject.driver.start(guest, never()));
  });
}

export async function listed(driver: Driver, guest: string): Promise<GuestInfo | undefined> {
  return (await driver.list()).find(({ name }) => name === guest);
}

export async function rejection(promise: Promise<unknown>): Promise<VzvmError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof VzvmError, `expected a VzvmError, got ${String(error)}`);
  return error;
}
