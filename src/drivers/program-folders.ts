import { delimiter } from 'node:path';

/** Where Homebrew puts programs: what launchd or cron starts does not have them on its PATH. */
const HOMEBREW = ['/opt/homebrew/bin', '/usr/local/bin'];

/** Folders that programs are looked for in, those of a PATH first. */
export function withHomebrew(path: string): readonly string[] {
  return [...new Set([...path.split(delimiter).filter((each) => each !== ''), ...HOMEBREW])];
}
