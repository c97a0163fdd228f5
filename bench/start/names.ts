/** What VMs can be booted with here. A driver more is a name here and a line in `subjects.ts`. */
export const DRIVERS = ['qemu', 'fake'] as const;
export type DriverName = (typeof DRIVERS)[number];
