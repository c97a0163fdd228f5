import { AS_ROOT, quote, script } from './shell.ts';

/** Where a guest that goes on keeps what its sealed disk must not have: in memory, and for root alone. */
const ASIDE = '/run/vzvm-aside';
/** A change of what sealing does is another image. */
export const SEAL_VERSION = 2;

/** What is sealed. */
export interface SealOptions {
  readonly user: string;
  /** The first line of standard input is a public key that the sealed disk still lets in. */
  readonly hasKey: boolean;
}

/**
 * Takes from the disk what makes this guest this guest: its machine id, its SSH host keys, who may log in, its random
 * seed, its logs and caches. The guest goes on with them from memory until {@link unsealCommand}; open connections stay.
 */
export function sealCommand({ user, hasKey }: SealOptions): string {
  const key = hasKey
    ? ['IFS= read -r key', 'printf "%s\\n" "$key" > "$home/.ssh/authorized_keys"']
    : ['rm -f "$home/.ssh/authorized_keys"'];
  return asRoot(
    `home=$(getent passwd ${quote(user)} | cut -d: -f6)`,
    `rm -rf ${ASIDE}; mkdir -m 0700 ${ASIDE} ${ASIDE}/ssh`,
    `cp -p /etc/machine-id ${ASIDE}/machine-id`,
    `cp -p /etc/ssh/ssh_host_* ${ASIDE}/ssh/`,
    `cp -p "$home/.ssh/authorized_keys" ${ASIDE}/authorized_keys`,
    `touch ${ASIDE}/whole`,
    ...key,
    // No password that others know may open what is made from this disk.
    `passwd -l ${quote(user)} > /dev/null`,
    ...HOST_KEYS_AT_BOOT,
    'rm -f /etc/ssh/ssh_host_* /var/lib/systemd/random-seed',
    ': > /etc/machine-id',
    'command -v cloud-init > /dev/null && cloud-init clean --logs || :',
    'find /var/log -type f -exec truncate -s 0 {} +',
    'find /tmp /var/tmp -mindepth 1 -maxdepth 1 ! -name "systemd-private-*" ! -name ".*" -exec rm -rf {} +',
    'rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb',
    'rm -rf "$home/.npm" "$home/.cache" "$home/.bash_history" "$home/.node_repl_history"',
    'sync',
  );
}

/**
 * Gives a guest that goes on its identity back. Nothing to do, and no root needed for it, where sealing could not even
 * begin; and nothing is taken back from half a copy, because nothing was removed before all of it was made.
 */
export function unsealCommand({ user }: Pick<SealOptions, 'user'>): string {
  const restore = [
    'set -eu',
    `if [ -e ${ASIDE}/whole ]; then`,
    `  home=$(getent passwd ${quote(user)} | cut -d: -f6)`,
    `  cat ${ASIDE}/machine-id > /etc/machine-id`,
    `  cp -p ${ASIDE}/ssh/* /etc/ssh/`,
    `  cp -p ${ASIDE}/authorized_keys "$home/.ssh/authorized_keys"`,
    'fi',
    `rm -rf ${ASIDE}`,
  ];
  return script(`[ -d ${ASIDE} ] || exit 0`, AS_ROOT, `as_root sh -c ${quote(restore.join('\n'))}`);
}

/** Images of ours make their host key by themselves; others are told to. */
const HOST_KEYS_AT_BOOT = [
  'if ! [ -e /usr/local/lib/vzvm/before-ssh ]; then',
  '  for unit in ssh sshd; do',
  '    mkdir -p /etc/systemd/system/$unit.service.d',
  '    printf "[Service]\\nExecStartPre=\\nExecStartPre=/usr/bin/ssh-keygen -A\\n" > /etc/systemd/system/$unit.service.d/vzvm.conf',
  '  done',
  'fi',
];

function asRoot(...lines: readonly string[]): string {
  return script(AS_ROOT, `as_root sh -c ${quote(['set -eu', ...lines].join('\n'))}`);
}
