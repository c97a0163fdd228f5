import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../driver.ts';
import { withHomebrew } from '../program-folders.ts';

const SET_UID = 0o4000;

/** Softnet filters packets, for which it needs to be root's, and to run as root. */
export async function softnetFinding(env: NodeJS.ProcessEnv, root: number = 0): Promise<Finding> {
  const subject = 'softnet';
  for (const folder of withHomebrew(env['PATH'] ?? '')) {
    const file = join(folder, subject);
    const found = await stat(file).catch(() => undefined); // It is not here.
    if (!found) continue;
    if (found.uid === root && (found.mode & SET_UID) !== 0) return { level: 'ok', subject, message: file };
    const message = `${file} does not run as root`;
    return { level: 'error', subject, message, fix: `sudo chown root ${file} && sudo chmod u+s ${file}` };
  }
  return {
    level: 'error',
    subject,
    message: 'softnet is not installed',
    fix: 'brew install cirruslabs/cli/softnet',
  };
}
