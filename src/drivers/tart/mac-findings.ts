import type { Finding } from '../driver.ts';

/** Of macOS 15, which asks before a program may talk to the local network. */
const ASKING_RELEASE = 24;

/** What is known of a Mac that looks. */
export interface Mac {
  readonly release: string;
  readonly uid: number | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** What macOS itself may refuse. */
export function macFindings({ release, uid, env }: Mac): readonly Finding[] {
  const isRemote = Boolean(env['SSH_CONNECTION']);
  return [
    ...(Number.parseInt(release, 10) >= ASKING_RELEASE ? [localNetwork(isRemote, env['TERM_PROGRAM'])] : []),
    ...(isRemote ? [KEYCHAIN] : []),
    ...(uid === 0 ? [ROOT] : []),
  ];
}

/** Terminal and what SSH starts are exempt. */
function localNetwork(isRemote: boolean, terminal: string | undefined): Finding {
  const subject = 'Local Network permission';
  if (isRemote || terminal === 'Apple_Terminal')
    return { level: 'ok', subject, message: 'not asked of what this was started from' };
  return {
    level: 'warning',
    subject,
    message: `${terminal ?? 'what started this'} needs it to reach VMs by their addresses; others are reached by their agents`,
    fix: 'allow it under System Settings > Privacy & Security > Local Network, or use Terminal or SSH',
  };
}

const KEYCHAIN: Finding = {
  level: 'warning',
  subject: 'login keychain',
  message: 'over SSH it may be locked, and then macOS 15 and newer start no VM',
  fix: 'security unlock-keychain',
};

const ROOT: Finding = {
  level: 'warning',
  subject: 'user',
  message: 'Tart does not work as root on macOS 15 and newer',
  fix: 'run this as a user that is logged in',
};
