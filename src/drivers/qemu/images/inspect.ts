import { z } from 'zod';
import { VzvmError } from '../../../errors.ts';
import { run } from '../../../process/run.ts';
import type { HostArch } from '../host.ts';
import { toolVersion } from '../tools.ts';

const info = z.looseObject({
  format: z.string(),
  'virtual-size': z.number(),
  'backing-filename': z.string().optional(),
  'format-specific': z
    .looseObject({ data: z.looseObject({ 'data-file': z.string().optional() }).optional() })
    .optional(),
});

/** What qemu-img tells of a disk file. */
export interface DiskInfo {
  readonly format: 'qcow2' | 'raw';
  readonly virtualBytes: number;
  /** It takes content from another file of the host. */
  readonly isLinked: boolean;
}

/**
 * Looks at a disk file.
 * @throws VzvmError IMAGE_NOT_FOUND when it is no qcow2 or raw disk.
 */
export async function inspectDisk(file: string, arch: HostArch, signal: AbortSignal): Promise<DiskInfo> {
  await toolVersion('qemu-img', arch.node, signal);
  const args = ['info', '--output=json', '--force-share', file];
  const result = await run('qemu-img', args, { timeoutMs: 30_000, signal });
  if (result.exitCode !== 0) throw notADisk(file, result.stderrTail);
  const parsed = info.parse(JSON.parse(result.stdout));
  const { format } = parsed;
  if (format !== 'qcow2' && format !== 'raw') throw notADisk(file, `its format is ${format}`);
  const dataFile = parsed['format-specific']?.data?.['data-file'];
  return {
    format,
    virtualBytes: parsed['virtual-size'],
    isLinked: parsed['backing-filename'] !== undefined || dataFile !== undefined,
  };
}

function notADisk(file: string, why: string): VzvmError {
  return new VzvmError('IMAGE_NOT_FOUND', `${file} is no qcow2 or raw disk`, {
    facts: { file },
    hint: `look at it with: qemu-img info ${file}`,
    stderrTail: why,
  });
}
