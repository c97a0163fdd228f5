import { chartToMermaid, chartToSvg, vmChart } from '../inspector/chart/index.ts';
import type { Flags } from './flags.ts';
import { type Io, UsageError } from './io.ts';

const FORMATS: Readonly<Record<string, () => string>> = {
  mermaid: () => chartToMermaid(vmChart),
  svg: () => chartToSvg(vmChart),
  json: () => JSON.stringify(vmChart),
};

/** `vzvm machine`: the statechart of a VM. */
export function machine(words: readonly string[], flags: Flags, io: Io): Promise<true> {
  if (words.length > 0) throw new UsageError(`machine: ${words[0]} is one word too many`);
  const format = flags.format ?? (flags.json ? 'json' : 'mermaid');
  const write = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (!write) throw new UsageError(`machine: --format is ${Object.keys(FORMATS).join(', ')}, not ${format}`);
  io.out(write().trimEnd());
  return Promise.resolve(true);
}
