import type { VZVMSubstrateOptions } from './options.ts';
import { quietly } from './quietly.ts';

/** One line to every place that the user asked for. A listener that throws changes nothing. */
export function createLog(
  options: VZVMSubstrateOptions,
  inspector?: () => ((line: string) => void) | undefined,
): (line: string) => void {
  return (line) => {
    quietly(() => inspector?.()?.(line));
    quietly(() => options.onLog?.(line));
    quietly(() => options.logger?.info(line));
  };
}
