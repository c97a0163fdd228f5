import { stat } from 'node:fs/promises';
import { isAborted } from '../errors.ts';
import { readTrace, summarise } from '../inspector/index.ts';
import { createTerminalProgress } from '../progress/index.ts';
import { BootError } from '../substrate/index.ts';
import { type Flags, optionsOf } from './flags.ts';
import { type Io, UsageError } from './io.ts';
import { linesOfVm } from './trace-text.ts';

/** `vzvm trace FILE`: what a trace tells; with `--record` of a boot that is made for it. */
export async function trace(words: readonly string[], flags: Flags, io: Io): Promise<boolean> {
  const [path, ...more] = words;
  if (path === undefined || more.length > 0) throw new UsageError('trace: one file is needed');
  const isWell = flags.record ? await record(path, flags, io) : true;
  const { header, records, gaps } = await readTrace(path);
  const vms = summarise(records);
  if (flags.json) {
    io.out(JSON.stringify({ recordedAt: header.at, records: records.length, gaps, vms }));
    return isWell;
  }
  if (vms.length === 0) io.out('no VM is in this trace');
  for (const vm of vms) for (const line of linesOfVm(vm)) io.out(line);
  for (const gap of gaps) io.log(`vzvm: ${path}: ${gap}`);
  return isWell;
}

/** @throws VzvmError OPTION_INVALID for a file that is no trace: before a VM is booted in vain. */
async function demandRecordable(path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0, // There is none yet.
  );
  if (size > 0) await readTrace(path);
}

/** Boots a VM, and removes it again. Answers whether it came up: why not is in the trace. */
async function record(path: string, flags: Flags, io: Io): Promise<boolean> {
  await demandRecordable(path);
  const progress = createTerminalProgress({ out: io.stderr });
  const shown = { onProgress: progress.update, onLog: progress.log };
  try {
    await using substrate = io.substrate({ ...optionsOf(flags, io), ...shown, trace: path });
    await substrate.bootHarness({ envs: {}, signal: io.signal });
    return true;
  } catch (error) {
    if (isAborted(error) || !(error instanceof BootError)) throw error;
    return false;
  } finally {
    progress.end();
  }
}
