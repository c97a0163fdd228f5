import type { VZVMSubstrateOptions } from './options.ts';
import { quietly } from './quietly.ts';

/** One line to both places that the user asked for. A listener that throws changes nothing. */
export function createLog(options: VZVMSubstrateOptions): (line: string) => void {
  return (line) => {
    quietly(() => options.onLog?.(line));
    quietly(() => options.logger?.info(line));
  };
}
