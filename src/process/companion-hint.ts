/** What is known of a process of ours that did not come up. */
export interface LateCompanion {
  readonly script: string;
  readonly isLate: boolean;
  /** What it has written. */
  readonly written: string;
}

/** What to do about a process of ours that did not come up, by what it said. */
export function companionHint({ script, isLate, written }: LateCompanion): string {
  if (/ERR_MODULE_NOT_FOUND|cannot find (?:module|package)/i.test(written))
    return 'this package is not installed whole: npm install @computeragent/runtime-vzvm';
  if (/ENOSPC|EDQUOT|no space left/i.test(written)) return 'the disk is full: see df -h, and make room';
  if (/heap|ENOMEM|cannot allocate/i.test(written))
    return 'this host has no memory left: see free -m, and end what uses it';
  const path = /(?:EACCES|EPERM|EROFS)[^\n]*'([^'\n]+)'/.exec(written)?.[1];
  if (path !== undefined) return `see whose it is: ls -ld ${path}`;
  if (isLate) return 'this host is too busy to start a program in time: see uptime, and try again';
  return `start it by hand to see more: node ${script}`;
}
