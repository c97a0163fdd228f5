import { VzvmError, type VzvmErrorCode } from '../../errors.ts';
import type { ExitReport } from '../driver.ts';

const KNOWN: readonly { readonly pattern: RegExp; readonly code: VzvmErrorCode; readonly hint: string }[] = [
  {
    pattern: /No space left on device/,
    code: 'DISK_FULL',
    hint: 'free some space, or choose another disk with VZVM_HOME',
  },
  {
    pattern: /Could not set up host forwarding|Address already in use/i,
    code: 'PORT_TAKEN',
    hint: 'try again: free ports are chosen anew',
  },
  {
    pattern: /\/dev\/kvm.*denied|KVM.*Permission denied/i,
    code: 'PERMISSION_DENIED',
    hint: 'sudo usermod -aG kvm $USER, then log in anew; or set the accelerator to tcg',
  },
  {
    pattern: /Permission denied/,
    code: 'PERMISSION_DENIED',
    hint: 'make the named file readable for this user',
  },
  {
    pattern: /cannot set up guest memory|Cannot allocate memory/i,
    code: 'BOOT_FAILED',
    hint: 'lower memoryMiB, or end other programs',
  },
  {
    pattern: /load of migration failed|does not match 'size' option/,
    code: 'BOOT_FAILED',
    hint: 'the template does not fit, or is damaged: remove it, and the next one is made anew',
  },
  {
    pattern: /Failed to get .* lock/,
    code: 'BOOT_FAILED',
    hint: 'the guest runs already: stop it first',
  },
];

/** The error for a QEMU that ended while it started, told by what it wrote. */
export function bootError(guest: string, report: ExitReport): VzvmError {
  const known = KNOWN.find(({ pattern }) => pattern.test(report.stderrTail));
  const how = report.signal === null ? `exit code ${report.code}` : `signal ${report.signal}`;
  return new VzvmError(known?.code ?? 'BOOT_FAILED', `QEMU ended at once (${how})`, {
    facts: { guest },
    hint: known?.hint ?? "the last lines of QEMU's own output say why",
    retry: known?.code === 'PORT_TAKEN' ? 'safe' : 'unsafe',
    stderrTail: report.stderrTail,
    ...(report.code === null ? {} : { exitCode: report.code }),
  });
}
