import type { VZVMSubstrateOptions } from './options.ts';

/** One line to both places that the user asked for. A listener that throws changes nothing. */
export function createLog(options: VZVMSubstrateOptions): (line: string) => void {
  return (line) => {
    try {
      options.onLog?.(line);
      options.logger?.info(line);
    } catch {
      // Somebody else's logger must never break a boot.
    }
  };
}
