export { openInspector } from './inspection/open-inspector.ts';
export { BootError } from './boot-error.ts';
export type { GuestAccess, GuestLogOptions } from './guest-access.ts';
// Not by way of the index, whose types are not all ours.
export type { Streams, Tty } from '../ssh/streams.ts';
export type { GuestEntry, ListedGuest } from './guests.ts';
export type { Swept } from '../reaper/index.ts';
export type { PreparedImage, PruneOptions, StoredItem } from './image-store.ts';
export type { InspectorOptions, TraceOptions } from './inspection/options.ts';
export type { VZVMSubstrateOptions } from './options.ts';
export { VZVMSubstrate } from './substrate.ts';
export type { TimelineEntry } from '../progress/index.ts';
export type {
  BootedVm,
  Checkpoint,
  CheckpointOptions,
  Copies,
  DetachedVm,
  DetachOptions,
  ForkOptions,
  VmHandle,
  VmHandleEvent,
} from './vm-handle.ts';
