const LIMITS: Readonly<Record<string, string>> = {
  EAGAIN: 'this user may start no more processes: see ulimit -u, and what runs with ps -u $USER',
  EMFILE: 'this program has as many files open as it may: see ulimit -n, and raise it',
  ENFILE: 'this host has as many files open as it may: see sysctl fs.file-max',
  ENOMEM: 'this host has no memory left: see free -m, and end what uses it',
};

/** What to do about a program that the system did not start, by what the system said. */
export function startHint(program: string, errno: string | undefined): string {
  if (errno === 'ENOENT')
    return `install it, or put it on the PATH: command -v ${program}; npx vzvm doctor says how`;
  if (errno === 'EACCES' || errno === 'EPERM')
    return `make it a program that you may run: ls -l $(command -v ${program})`;
  if (errno === 'ENOEXEC' || errno === 'EBADARCH' || errno === 'Unknown system error -8')
    return `it is none of this machine's programs, install it anew: file $(command -v ${program})`;
  return LIMITS[errno ?? ''] ?? `start it by hand to see more: ${program} --version`;
}

/** What to do about a program that a signal has ended. */
export function signalHint(program: string, signal: string | undefined): string {
  if (signal === 'SIGKILL')
    return 'the host has most likely run out of memory: dmesg | grep -i "killed process"; see free -m';
  if (signal === 'SIGSEGV' || signal === 'SIGABRT' || signal === 'SIGBUS' || signal === 'SIGILL')
    return `it has crashed: see whether it does by itself, too, and install it anew: ${program} --version`;
  if (signal === 'SIGXFSZ') return 'it may write no larger files: see ulimit -f';
  return `somebody else on this host has ended it; see whether it runs by itself: ${program} --version`;
}
