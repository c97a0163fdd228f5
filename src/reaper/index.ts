export { releaseVm } from './release-vm.ts';
export { isAbandoned, sweep, type Swept } from './sweep.ts';
export { holdReaper, type ReaperHold } from './standing.ts';
