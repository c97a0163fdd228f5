import { readdirSync, readFileSync } from 'node:fs';

/** Processes of this machine that bear a harness's mark and name this in their environment, with the mark. */
export function markedProcesses(named: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const environment = textOf(`/proc/${pid}/environ`);
    const mark = /(?:^|\0)COMPUTERAGENT_HARNESS_ID=([^\0]*)/.exec(environment)?.[1];
    if (mark !== undefined && environment.includes(named)) found.set(Number(pid), mark);
  }
  return found;
}

/** What anyone of this user sees of a process: its command line and its environment. */
export function visibleOf(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`) + textOf(`/proc/${pid}/environ`);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // It has ended meanwhile.
  }
}
