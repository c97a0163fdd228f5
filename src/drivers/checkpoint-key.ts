import { randomBytes } from 'node:crypto';

const KEY = /^live-(?<owner>\d+)-[0-9a-f]{12}$/;

/** A key for what is saved of a running VM: it names the process that will remove it. */
export const newCheckpointKey = (): string => `live-${process.pid}-${randomBytes(6).toString('hex')}`;

/** The process that has saved a VM under this key; undefined where no running VM was saved under it. */
export function ownerOfCheckpoint(key: string): number | undefined {
  const owner = KEY.exec(key)?.groups?.['owner'];
  return owner === undefined ? undefined : Number(owner);
}
