import type { VmHandleEvent } from './vm-handle.ts';

/** An event as a line of the log; undefined where it is not worth one. */
export function describe(name: string, event: VmHandleEvent): string | undefined {
  switch (event.type) {
    case 'step':
      // A guest that is still booting refuses a hundred times: waiting is not worth a line each.
      if (event.phase === 'retry' && event.step === 'ssh-connect') return undefined;
      return `${name}: ${event.step}${event.phase === 'start' ? '' : ` (${event.phase} ${event.attempt})`}`;
    case 'image':
      return event.problem === undefined
        ? `${name}: its disk is kept: the next VM starts from here`
        : `${name}: its disk could not be kept for the next VM: ${event.problem}`;
    case 'lost':
      return `${name}: the connection that watches the harness was lost and is made again: ${event.reason}`;
    case 'found':
      return `${name}: the connection was made again`;
    case 'ready':
      return `${name}: ready`;
    case 'failed':
      return `${name}: failed in ${event.failure.step}: ${event.failure.message}`;
  }
}
