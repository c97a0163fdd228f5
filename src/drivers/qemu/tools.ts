import { VzvmError } from '../../errors.ts';
import { run } from '../../process/run.ts';
import type { Finding } from '../driver.ts';
import packages from './debian-packages.json' with { type: 'json' };
import type { HostArch } from './host.ts';

const OLDEST_QEMU = [7, 2] as const;

/** The Debian packages that this driver needs on an architecture. */
export function debianPackages(arch: HostArch['node']): readonly string[] {
  return packages[arch];
}

/** The command that installs what is missing. */
export function installCommand(arch: HostArch['node']): string {
  if (process.platform === 'darwin') return 'brew install qemu';
  return `sudo apt-get install -y --no-install-recommends ${debianPackages(arch).join(' ')}`;
}

/**
 * A tool's version line.
 * @throws VzvmError TOOL_MISSING with the command that installs it.
 */
export async function toolVersion(
  tool: string,
  arch: HostArch['node'],
  signal: AbortSignal,
): Promise<string> {
  try {
    const args = [tool === 'mke2fs' ? '-V' : '--version'];
    const { stdout, stderrTail } = await run(tool, args, {
      timeoutMs: 10_000,
      signal,
      env: { PATH: toolPath() },
    });
    return (stdout || stderrTail).split('\n')[0] ?? '';
  } catch (error) {
    if (!(error instanceof VzvmError) || error.code !== 'TOOL_MISSING') throw error;
    throw new VzvmError('TOOL_MISSING', `${tool} is not installed`, {
      facts: { tool },
      hint: `run: ${installCommand(arch)}`,
      cause: error,
    });
  }
}

/**
 * QEMU's version.
 * @throws VzvmError TOOL_MISSING, or TOOL_TOO_OLD below 7.2.
 */
export async function qemuVersion(bin: string, arch: HostArch['node'], signal: AbortSignal): Promise<string> {
  const line = await toolVersion(bin, arch, signal);
  const [, version = '', major = '0', minor = '0'] = /version ((\d+)\.(\d+)[.\d]*)/.exec(line) ?? [];
  const isOld =
    Number(major) < OLDEST_QEMU[0] || (Number(major) === OLDEST_QEMU[0] && Number(minor) < OLDEST_QEMU[1]);
  if (!isOld) return version;
  throw new VzvmError('TOOL_TOO_OLD', `${bin} is too old: ${line || 'unknown version'}`, {
    facts: { tool: bin, found: version, needed: OLDEST_QEMU.join('.') },
    hint: `install QEMU ${OLDEST_QEMU.join('.')} or newer: ${installCommand(arch)}`,
  });
}

/** Where tools are looked for: a plain user's PATH often lacks the folders of mke2fs. */
export function toolPath(): string {
  return `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
}

/** What `check()` reports of one tool. */
export async function toolFinding(subject: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { level: 'ok', subject, message: await look() };
  } catch (error) {
    const known = error instanceof VzvmError ? error : undefined;
    return {
      level: 'error',
      subject,
      message: known?.message ?? String(error),
      ...(known?.hint === undefined ? {} : { fix: known.hint }),
    };
  }
}
