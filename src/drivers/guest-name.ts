import { randomBytes } from 'node:crypto';

const PATTERN = /^ca-(?<owner>[0-9]+)-(?<id>[0-9a-f]{12})$/;

/** What a guest's name tells: that it is ours, and which process made it. */
export interface GuestName {
  readonly ownerPid: number;
  readonly id: string;
}

/** A new name: `ca-<owner pid>-<48 random bits>`. Fixed before the clone, so that release can always delete by name. */
export function newGuestName(ownerPid: number = process.pid): string {
  return `ca-${ownerPid}-${randomBytes(6).toString('hex')}`;
}

/** Reads a name back; undefined when the guest is not one of ours. */
export function parseGuestName(name: string): GuestName | undefined {
  const groups = PATTERN.exec(name)?.groups;
  if (groups?.['owner'] === undefined || groups['id'] === undefined) return undefined;
  return { ownerPid: Number(groups['owner']), id: groups['id'] };
}
