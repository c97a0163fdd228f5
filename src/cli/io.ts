import type { VZVMSubstrate, VZVMSubstrateOptions } from '../substrate/index.ts';

/** What a command has of the world. */
export interface Io {
  readonly signal: AbortSignal;
  /** One line for whoever reads the answer. */
  readonly out: (line: string) => void;
  /** One line for whoever watches. */
  readonly log: (line: string) => void;
  /** Where commands in a VM read and write. */
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly substrate: (options: VZVMSubstrateOptions) => VZVMSubstrate;
}

/** A command line that makes no sense: the usage is the answer. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
