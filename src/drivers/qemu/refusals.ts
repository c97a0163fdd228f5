import { VzvmError } from '../../errors.ts';
import type { Image } from '../driver.ts';
import { parseGuestName } from '../guest-name.ts';

/** Names become paths: nothing but our own pattern may. */
export function demandGuestName(guest: string): void {
  if (parseGuestName(guest) !== undefined) return;
  throw new VzvmError('OPTION_INVALID', `"${guest}" is no name of a guest of ours`, {
    facts: { guest },
    hint: 'use one of: npx vzvm ls',
  });
}

export function notResolved(image: Image): VzvmError {
  return new VzvmError('IMAGE_NOT_FOUND', `the image ${image.ref} was not resolved by this driver`, {
    facts: { ref: image.ref, digest: image.digest },
    hint: `call resolveImage('${image.ref}') of this driver first`,
  });
}

export function noSuchGuest(guest: string): VzvmError {
  return new VzvmError('BOOT_FAILED', `there is no guest ${guest}`, {
    facts: { guest },
    hint: `clone it first, or see what there is: npx vzvm ls`,
  });
}
