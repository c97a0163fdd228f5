/** Where the work of each step waits. */
const GATES: Readonly<Record<string, string>> = {
  cloning: 'clone',
  booting: 'start',
  'ip-polling': 'address',
  'ssh-connect': 'probe',
  upload: 'upload',
  'node-install': 'node-install',
  'npm-install': 'npm-install',
  spawn: 'spawn',
};

/** Where the work of a place waits. */
export const gateAt = (place: string): string => {
  if (place.includes(':keeping:')) return 'keepImage';
  return place.startsWith('spawn:probing') ? 'health' : (GATES[place.split(':')[0] ?? ''] ?? '');
};
