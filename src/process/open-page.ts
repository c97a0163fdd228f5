import { spawn } from 'node:child_process';

/** What opens files as their user is used to, by platform. */
const OPENERS: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', linux: 'xdg-open' };

/**
 * Opens a file in the user's browser, and does not wait for it. `onFailure` is told, in a few words, when that could not be
 * done: at once, or as soon as what was to open it says so.
 */
export function openPage(file: string, onFailure: (why: string) => void): void {
  const opener = OPENERS[process.platform];
  if (opener === undefined) return onFailure(`nothing is known that opens pages on ${process.platform}`);
  const child = spawn(opener, [file], { detached: true, stdio: 'ignore' });
  child.once('error', ({ message }) => onFailure(message));
  child.once('exit', (code) => {
    if (code !== 0 && code !== null) onFailure(`${opener} ended with exit code ${code}`);
  });
  child.unref();
}
