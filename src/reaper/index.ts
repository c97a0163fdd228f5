export { giveToKeeper } from './keeper.ts';
export { releaseVm } from './release-vm.ts';
export { holdReaper, type ReaperHold } from './standing.ts';
export { isAbandoned, sweep, type Swept } from './sweep.ts';
export { takeVm } from './take-vm.ts';
