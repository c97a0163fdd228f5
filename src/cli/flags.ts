import { parseArgs } from 'node:util';
import { messageOf } from '../errors.ts';
import type { VZVMSubstrateOptions } from '../substrate/index.ts';
import { type Io, UsageError } from './io.ts';

const OPTIONS = {
  json: { type: 'boolean', default: false },
  driver: { type: 'string' },
  base: { type: 'string' },
  days: { type: 'string' },
  gib: { type: 'string' },
  force: { type: 'boolean', default: false },
  follow: { type: 'boolean', short: 'f', default: false },
  harness: { type: 'boolean', default: false },
  format: { type: 'string' },
  port: { type: 'string' },
  'no-open': { type: 'boolean', default: false },
  record: { type: 'boolean', default: false },
  lines: { type: 'string', short: 'n' },
  tty: { type: 'boolean', short: 't', default: false },
  'dry-run': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** What the command line says, besides the verb. */
export type Flags = ReturnType<typeof parse>['values'];

/** @throws UsageError for a flag that nothing knows. */
export function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

/** The substrate's options that the flags stand for. */
export function optionsOf({ driver, base }: Flags, io: Io): VZVMSubstrateOptions {
  if (driver !== undefined && driver !== 'tart' && driver !== 'qemu')
    throw new UsageError(`there is no driver ${driver}`);
  return {
    onLog: io.log,
    ...(driver === undefined ? {} : { driver }),
    ...(base === undefined ? {} : { baseImage: base }),
  };
}
