/** How a built image comes to be, as data: a change of it is another image. */
export interface Recipe {
  readonly suite: string;
  readonly diskGiB: number;
  readonly packages: readonly string[];
  readonly initrdModules: readonly string[];
  /** Never wanted in a machine that lives for minutes. */
  readonly maskedUnits: readonly string[];
  readonly enabledUnits: readonly string[];
  /** Left out of every package, now and in the guest. */
  readonly excludedPaths: readonly string[];
  readonly user: string;
  readonly password: string;
  readonly files: Readonly<Record<string, string>>;
}

const HOST_KEY = '/etc/ssh/ssh_host_ed25519_key';
const BEFORE_SSH = '/usr/local/lib/vzvm/before-ssh';

/** Makes the host key, and lets in whoever has the private half of the key that the kernel's command line names. */
function beforeSsh(user: string): string {
  const folder = `/home/${user}/.ssh`;
  return [
    'set -eu',
    `test -e ${HOST_KEY} || ssh-keygen -q -t ed25519 -N "" -f ${HOST_KEY}`,
    'read -r line < /proc/cmdline',
    'case $line in *vzvm.key=*) ;; *) exit 0 ;; esac',
    'key=${line##*vzvm.key=}',
    `test -d ${folder} || install -d -m 0700 -o ${user} -g ${user} ${folder}`,
    `echo "\${key%% *}" | base64 -d >> ${folder}/authorized_keys`,
    `chown ${user}:${user} ${folder}/authorized_keys`,
    `chmod 0600 ${folder}/authorized_keys`,
    '',
  ].join('\n');
}

const DEBIAN_12: Recipe = {
  suite: 'bookworm',
  diskGiB: 8,
  packages: [
    'systemd-sysv',
    'udev',
    'dbus',
    'openssh-server',
    'sudo',
    'ca-certificates',
    'curl',
    'git',
    'xz-utils',
    'iproute2',
    'netbase',
    'procps',
    'initramfs-tools',
    'zstd',
  ],
  initrdModules: ['virtio_pci', 'virtio_blk', 'virtio_rng', 'ext4'],
  maskedUnits: [
    'apt-daily.timer',
    'apt-daily-upgrade.timer',
    'dpkg-db-backup.timer',
    'fstrim.timer',
    'e2scrub_all.timer',
    'e2scrub_reap.service',
    'getty@tty1.service',
    'systemd-networkd-wait-online.service',
  ],
  enabledUnits: ['systemd-networkd.service', 'ssh.service'],
  excludedPaths: ['/usr/share/man/*', '/usr/share/doc/*', '/usr/share/locale/*', '/usr/share/info/*'],
  user: 'admin',
  password: 'admin',
  files: {
    '/etc/hostname': 'vm\n',
    '/etc/hosts': '127.0.0.1 localhost\n127.0.1.1 vm\n::1 localhost\n',
    '/etc/fstab': '/dev/vda / ext4 rw,noatime,x-systemd.growfs 0 0\n',
    '/etc/sudoers.d/admin': 'admin ALL=(ALL) NOPASSWD:ALL\n',
    '/etc/systemd/network/80-dhcp.network':
      '[Match]\nName=e*\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n',
    '/etc/systemd/journald.conf.d/vzvm.conf': '[Journal]\nStorage=volatile\n',
    '/etc/ssh/sshd_config.d/vzvm.conf':
      `HostKey ${HOST_KEY}\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\nUseDNS no\n` +
      'MaxStartups 100\nMaxSessions 100\n',
    // A key that all guests share is no identity: it is made at first boot. Only the fast kind; an RSA key takes seconds.
    '/etc/systemd/system/ssh.service.d/vzvm.conf': `[Service]\nExecStartPre=\nExecStartPre=/bin/sh ${BEFORE_SSH}\n`,
    [BEFORE_SSH]: beforeSsh('admin'),
  },
};

/** The images that this driver builds, by the name that a user writes. */
export const RECIPES: Readonly<Record<string, Recipe>> = { 'debian:12': DEBIAN_12 };
