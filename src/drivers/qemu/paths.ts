import { dirname, join } from 'node:path';

/** The files of one guest. */
export interface GuestFiles {
  readonly folder: string;
  readonly disk: string;
  readonly settings: string;
  readonly console: string;
  readonly log: string;
  readonly qmp: string;
  readonly process: string;
  readonly seed: string;
}

/** Where one guest's files are: all in one folder, so that deleting it deletes the guest. */
export function guestFiles(stateDir: string, guest: string): GuestFiles {
  return filesIn(join(stateDir, 'qemu', guest));
}

/** The files of whatever runs in a folder. */
export function filesIn(folder: string): GuestFiles {
  return {
    folder,
    disk: join(folder, 'disk.qcow2'),
    settings: join(folder, 'guest.json'),
    console: join(folder, 'console.log'),
    log: join(folder, 'qemu.log'),
    // Relative to the folder, which is QEMU's working directory: a socket's path may have 107 bytes only.
    qmp: 'qmp.sock',
    process: join(folder, 'process.json'),
    seed: join(folder, 'seed'),
  };
}

/** Where QEMU tells one listener, for as long as that listens, what becomes of a guest: the other socket is for commands. */
export function eventsSocket(qmp: string): string {
  return join(dirname(qmp), 'events.sock');
}
