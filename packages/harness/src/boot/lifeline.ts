import { endMarked, HARNESS_MARK, killGroup } from '../host/process-tree.ts';

/** How long the harness waits for the processes that it has killed. */
const KILL_WAIT_MS = 1_000;

/** The bond between a harness and the program that started it: the standard input that the program keeps open. */
export class Lifeline {
  #isCut = false;

  constructor(input: NodeJS.ReadableStream, onCut: () => void) {
    const cut = (): void => {
      this.#isCut = true;
      onCut();
    };
    input.once('end', cut);
    // A pipe that breaks has no end.
    input.once('error', cut);
    input.resume();
    // With the program, whoever reads the log is gone: that must not end the harness before its sessions.
    for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  }

  /**
   * Ends what the harness's engines and scripts have left running, which nobody else would find. Where the program that
   * started the harness is gone, so is the harness's process group with the harness in it.
   */
  async endChildren(): Promise<void> {
    const id = process.env[HARNESS_MARK];
    if (id !== undefined) await endMarked(id, KILL_WAIT_MS);
    // Only a group that the harness leads has its number.
    if (this.#isCut) killGroup(process.pid);
  }
}
