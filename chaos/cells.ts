/** The states of the chart in which something may go wrong. */
export const STATES = [
  'cloning',
  'booting',
  'ip-polling',
  'ssh-connect',
  'upload',
  'node-install',
  'npm-install',
  'spawn',
  'healthy',
  'disposing',
] as const;
export type State = (typeof STATES)[number];

/** What goes wrong. */
export const VICTIMS = [
  'owner-kill',
  'owner-term',
  'owner-int',
  'owner-hangup',
  'owner-exit',
  'cancel',
  'dispose',
  'reaper-kill',
  'owner-and-reaper-kill',
  'hypervisor-kill',
  'guest-kill',
  'sshd-kill',
  'harness-kill',
  'network-cut',
  'disk-full',
  'host-disk-full',
  'command-hangs',
  'command-fails-once',
] as const;
export type Victim = (typeof VICTIMS)[number];

export const DRIVERS = ['standin', 'qemu', 'fake'] as const;
export type ChaosDriver = (typeof DRIVERS)[number];

/** One fault in one state. */
export interface Cell {
  readonly state: State;
  readonly victim: Victim;
}

export const nameOf = ({ state, victim }: Cell): string => `${state}:${victim}`;

/** What is done to the guest from outside needs name spaces to go into. */
const IN_GUEST: readonly Victim[] = ['guest-kill', 'sshd-kill', 'harness-kill', 'network-cut', 'disk-full'];
/** What a driver in memory, which has neither files nor processes, cannot suffer. */
const NOT_IN_MEMORY: Partial<Record<Victim, string>> = {
  'reaper-kill': 'guests in memory end with their owner: it needs no reaper',
  'owner-and-reaper-kill': 'guests in memory end with their owner: it needs no reaper',
  'guest-kill': 'guests in memory are no processes: see hypervisor-kill',
  'disk-full': 'guests in memory have no disk',
  'host-disk-full': 'guests in memory have no files on the host',
};
/** What must be found before it can be struck. */
export const FROM_OUTSIDE: readonly Victim[] = ['hypervisor-kill', ...IN_GUEST];

/** Why a cell cannot exist; undefined when it can. */
export function reasonAgainst({ state, victim }: Cell, driver: ChaosDriver): string | undefined {
  const at = STATES.indexOf(state);
  if (driver === 'fake' && NOT_IN_MEMORY[victim] !== undefined) return NOT_IN_MEMORY[victim];
  if (driver === 'fake' && (state === 'node-install' || state === 'npm-install'))
    return 'nothing is installed where the guest is played';
  if (driver === 'qemu' && IN_GUEST.includes(victim))
    return 'a guest of QEMU cannot be gone into from outside';
  if (driver === 'qemu' && victim.startsWith('command-'))
    return 'QEMU is no command that is asked again and again';
  if (victim === 'hypervisor-kill' && at < STATES.indexOf('ip-polling'))
    return 'no hypervisor runs for sure yet';
  if (IN_GUEST.includes(victim) && at < STATES.indexOf('ip-polling')) return 'there is no guest yet';
  if (victim === 'harness-kill' && at < STATES.indexOf('healthy')) return 'no harness runs for sure yet';
  if (victim === 'sshd-kill' && state === 'ip-polling') return 'sshd does not listen for sure yet';
  return undefined;
}

/** All cells that a driver can have. */
export function cellsOf(driver: ChaosDriver): readonly Cell[] {
  const all = STATES.flatMap((state) => VICTIMS.map((victim) => ({ state, victim })));
  return all.filter((cell) => reasonAgainst(cell, driver) === undefined);
}

/** The cells that it cannot have, with the reasons. */
export function missingCells(driver: ChaosDriver): Readonly<Record<string, string>> {
  const all = STATES.flatMap((state) => VICTIMS.map((victim) => ({ state, victim })));
  return Object.fromEntries(
    all.flatMap((cell) => {
      const reason = reasonAgainst(cell, driver);
      return reason === undefined ? [] : [[nameOf(cell), reason]];
    }),
  );
}
