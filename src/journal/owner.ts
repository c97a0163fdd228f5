import { identityOf } from '../process/identity.ts';
import { ownerId } from '../process/marked.ts';
import type { Owner } from './record.ts';

let known: Promise<Owner> | undefined;

/** This process, as the owner of VMs. */
export function thisOwner(): Promise<Owner> {
  known ??= identityOf(process.pid).then((identity) => ({ ...identity, id: ownerId }));
  return known;
}
