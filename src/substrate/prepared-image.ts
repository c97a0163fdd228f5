import { createHash } from 'node:crypto';
import type { GuestPlan, ImageToKeep, Payload } from '../actors/index.ts';
import type { Driver, Image, LogLine } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { SEAL_VERSION } from '../guest/index.ts';
import { generateKeyPair } from '../ssh/index.ts';

/** What a VM is cloned from, and what its disk is to be kept as on the way. */
export interface StartingPoint {
  readonly image: Image;
  /** Undefined: from a prepared image, or preparing is off, or the driver can keep only what has ended. */
  readonly keep?: ImageToKeep;
}

/** What decides which prepared image fits. */
export interface Wanted {
  readonly driver: Driver;
  readonly base: Image;
  readonly plan: GuestPlan;
  readonly payload: Payload;
}

/** Names the content of a prepared image: everything that goes into it, so that any change is another image. */
export function preparedKey({ base, plan, payload }: Omit<Wanted, 'driver'>): string {
  const { user, directory, node } = plan;
  const content = [SEAL_VERSION, base.digest, process.arch, node, payload.packagesDigest, user, directory];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 24);
}

/** What the disk of a VM with this content is kept as. */
export function imageToKeep(wanted: Wanted): ImageToKeep {
  const key = preparedKey(wanted);
  const { driver, base, plan } = wanted;
  return {
    key,
    base,
    description: `${base.ref} with Node ${plan.node.major} and the packages of the harness`,
    ...(driver.features.takesKeys ? {} : { login: generateKeyPair(`image-${key}`) }),
  };
}

/** The prepared image where there is one, else the base image, and what is to be kept of it. A store in trouble only costs time. */
export async function startingPoint(
  wanted: Wanted,
  log: LogLine,
  signal: AbortSignal,
): Promise<StartingPoint> {
  const { driver, base } = wanted;
  try {
    const image = await driver.findImage(preparedKey(wanted), signal);
    if (image) return { image };
  } catch (error) {
    if (signal.aborted) throw error;
    log(`prepared images cannot be used: ${messageOf(error)}`);
    return { image: base };
  }
  return { image: base, ...(driver.features.keepsRunning ? { keep: imageToKeep(wanted) } : {}) };
}
