import { access } from 'node:fs/promises';
import { VzvmError } from '../../errors.ts';
import { installCommand } from './tools.ts';

const PLACES = [
  '/usr/share/qemu-efi-aarch64/QEMU_EFI.fd',
  '/usr/share/AAVMF/AAVMF_CODE.fd',
  '/usr/share/edk2/aarch64/QEMU_EFI.fd',
  '/opt/homebrew/share/qemu/edk2-aarch64-code.fd',
  '/usr/local/share/qemu/edk2-aarch64-code.fd',
];

/**
 * The firmware that boots a cloud image on arm64; x86-64 has its own built in.
 * @throws VzvmError TOOL_MISSING with the command that installs it.
 */
export async function findFirmware(places: readonly string[] = PLACES): Promise<string> {
  for (const place of places) {
    const isThere = await access(place).then(
      () => true,
      () => false,
    );
    if (isThere) return place;
  }
  throw new VzvmError('TOOL_MISSING', 'the UEFI firmware for arm64 guests is not installed', {
    facts: { tool: 'QEMU_EFI.fd' },
    hint: `run: ${installCommand('arm64')}`,
  });
}
