export { BootTimes, type StepTimes } from './boot-times.ts';
export { Journal } from './journal.ts';
export { thisOwner } from './owner.ts';
export type { Owner, OwnerRecord, VmAccess, VmRecord } from './record.ts';
