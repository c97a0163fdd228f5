/** What a command ends with, when not with success. */
export class Failure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** F1: Tart's own words. 2 for a VM that is missing, does not run, or runs already; 1 for all else. */
export const missing = (name: string): Failure => new Failure(`the specified VM "${name}" does not exist`, 2);
export const notRunning = (name: string): Failure => new Failure(`VM "${name}" is not running`, 2);
export const alreadyRunning = (name: string): Failure => new Failure(`VM "${name}" is already running!`, 2);
export const isRunningError = (name: string): Failure => new Failure(`VM "${name}" is running`);
export const incomplete = (): Failure =>
  new Failure('VM is missing some of its files (config.json, disk.img or nvram.bin)');

/** F2: arguments that make no sense. */
export function usage(command: string, message: string): Failure {
  return new Failure(
    `Error: ${message}\nUsage: tart ${command} <options>\n  See 'tart ${command} --help' for more information.`,
    64,
  );
}

/** F5: what others have to say, in whatever words. */
export const other = (message: string): Failure => new Failure(`Error: ${message}`);
