import type { Reply } from './gates.ts';
import type { Finds } from './guest-double.ts';

/** Commands that a guest is given, told by what no other has. */
const KINDS: readonly (readonly [kind: string, part: string])[] = [
  ['probe', 'vzvm-probe '],
  ['mark-harness', '.harness-digest.new'],
  ['npm-install', 'npm ci'],
  ['mark-packages', '.packages-digest.new'],
  ['node-install', 'deb.nodesource.com'],
  ['spawn', '--config-stdin'],
  ['watch', 'tail --pid'],
  ['unseal', '[ -d /run/vzvm-aside ]'],
  ['seal', 'passwd -l'],
];

/** What kind of command it is. What nobody decides over is called "other". */
export function kindOf(command: string, hasHarness: boolean): string {
  // Certificates of the host are sent in the same way, later.
  if (command.startsWith('tar ')) return hasHarness ? 'other' : 'upload';
  return KINDS.find(([, part]) => command.includes(part))?.[0] ?? 'other';
}

/** What a guest says where all is well. */
export function answerFor(kind: string, finds: Finds | undefined): Reply {
  if (kind !== 'probe') return {};
  const known = finds
    ? { node: 'v22.0.0', npm: '/usr/bin/npm', harness: finds.harness, packages: finds.packages }
    : {};
  const lines = Object.entries({ arch: 'x86_64', sudo: 'yes', ...known });
  return { out: lines.map(([key, value]) => `vzvm-probe ${key}=${value}\n`).join('') };
}
