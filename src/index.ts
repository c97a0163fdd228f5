export type {
  CloneRequest,
  Driver,
  DriverFeatures,
  ExitReport,
  Finding,
  FirstLogin,
  GuestAddress,
  GuestInfo,
  GuestProcess,
  Image,
  KeepRequest,
  KeptImage,
  LogLine,
  ResolveOptions,
  Resources,
} from './drivers/driver.ts';
export type { GuestNetwork } from './drivers/guest-network.ts';
export { ERROR_CODES, VzvmError } from './errors.ts';
export type { ErrorFacts, VzvmErrorCode, VzvmErrorInit } from './errors.ts';
export { BootError, VZVMSubstrate } from './substrate/index.ts';
export { createTerminalProgress } from './progress/index.ts';
export type {
  Progress,
  ProgressClock,
  ProgressStep,
  ProgressWork,
  SlowStep,
  TerminalProgress,
  TerminalProgressOptions,
} from './progress/index.ts';
export type {
  BootedVm,
  Checkpoint,
  CheckpointOptions,
  Copies,
  DetachedVm,
  DetachOptions,
  ForkOptions,
  GuestAccess,
  GuestEntry,
  GuestLogOptions,
  InspectorOptions,
  TraceOptions,
  ListedGuest,
  PreparedImage,
  PruneOptions,
  StoredItem,
  Streams,
  Swept,
  TimelineEntry,
  Tty,
  VmHandle,
  VmHandleEvent,
  VZVMSubstrateOptions,
} from './substrate/index.ts';
