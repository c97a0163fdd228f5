import { messageOf, VzvmError } from '../../../errors.ts';
import { readTail } from '../../../process/spawn-detached.ts';
import { diskFull } from '../../disk-space.ts';

const WHAT = 'a template';

/** The error of a save that failed. QEMU's own output tells of a full disk where the migration does not. */
export async function saveError(
  error: unknown,
  guest: string,
  folder: string,
  logFile: string,
): Promise<VzvmError> {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(folder, WHAT, {}, error);
  const isUnexplained = !(error instanceof VzvmError) || error.code === 'COMMAND_FAILED';
  if (!isUnexplained) return error;
  const told = error instanceof VzvmError ? (error.stderrTail ?? '') : '';
  if (/No space left on device/.test(told + (await readTail(logFile))))
    return diskFull(folder, WHAT, {}, error);
  if (error instanceof VzvmError) return error;
  return new VzvmError(
    'COMMAND_FAILED',
    `the template could not be put into ${folder}: ${messageOf(error)}`,
    {
      facts: { guest, folder },
      hint: 'set VZVM_CACHE to a folder that you may write to',
      cause: error,
    },
  );
}

/** The error of a template that could not be removed. */
export function removeError(error: unknown, folder: string): VzvmError {
  if (error instanceof VzvmError) return error;
  return new VzvmError('RELEASE_FAILED', `could not remove the template in ${folder}: ${messageOf(error)}`, {
    facts: { folder },
    hint: `remove it by hand: rm -rf ${folder}`,
    retry: 'safe',
    cause: error,
  });
}
