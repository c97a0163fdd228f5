import { READY_LINE } from '../announcement.ts';

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
const NETWORK_SCRIPT = '/usr/local/lib/vzvm/network';
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

/** Said by the kernel's command line of a guest that is on QEMU's own network. */
export const USER_NETWORK = 'vzvm.net=user';

/** The address that QEMU forwards to: nothing to wait for, and kept when the interface gets another hardware address. */
const NETWORK_UNIT = `[Unit]
DefaultDependencies=no
ConditionKernelCommandLine=${USER_NETWORK}
Before=ssh.service network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${NETWORK_SCRIPT}
[Install]
WantedBy=multi-user.target
`;

/** A disk that is larger than its image. */
const GROWFS_UNIT = `[Unit]
DefaultDependencies=no
Before=ssh.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/lib/systemd/systemd-growfs /
[Install]
WantedBy=multi-user.target
`;

/**
 * Debian's, but as early as may be. All that an agent runs is in its group, as no login makes
 * a session of its own: one of them that runs out of memory must not end the rest.
 * A key that all guests share is no identity: it is made at first boot. Only the fast kind; an RSA key takes seconds.
 */
const SSH_UNIT = `[Unit]
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target
[Service]
Type=notify
ExecStartPre=/bin/sh ${BEFORE_SSH}
ExecStart=/usr/sbin/sshd -D
ExecStartPost=/bin/sh -c 'echo "${READY_LINE}" > /dev/console'
ExecReload=/bin/kill -HUP $MAINPID
KillMode=process
Restart=on-failure
RuntimeDirectory=sshd
RuntimeDirectoryMode=0755
OOMPolicy=continue
TasksMax=infinity
[Install]
WantedBy=multi-user.target
Alias=sshd.service
`;

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
  // With the network's, so that it need not wait until udev has found it.
  initrdModules: ['virtio_pci', 'virtio_blk', 'virtio_rng', 'virtio_net', 'ext4'],
  maskedUnits: [
    'apt-daily.timer',
    'apt-daily-upgrade.timer',
    'dpkg-db-backup.timer',
    'fstrim.timer',
    'e2scrub_all.timer',
    'e2scrub_reap.service',
    'getty@tty1.service',
    'serial-getty@ttyS0.service',
    'serial-getty@ttyAMA0.service',
    'systemd-networkd-wait-online.service',
    'systemd-user-sessions.service',
    'systemd-update-utmp.service',
    'systemd-update-utmp-runlevel.service',
    'systemd-pstore.service',
    'modprobe@configfs.service',
    'modprobe@dm_mod.service',
    'modprobe@drm.service',
    'modprobe@efi_pstore.service',
    'modprobe@loop.service',
    'sys-kernel-config.mount',
    'sys-kernel-debug.mount',
    'sys-kernel-tracing.mount',
    'dev-hugepages.mount',
  ],
  enabledUnits: ['systemd-networkd.service', 'vzvm-network.service', 'vzvm-growfs.service', 'ssh.service'],
  excludedPaths: ['/usr/share/man/*', '/usr/share/doc/*', '/usr/share/locale/*', '/usr/share/info/*'],
  user: 'admin',
  password: 'admin',
  files: {
    '/etc/hostname': 'vm\n',
    '/etc/hosts': '127.0.0.1 localhost\n127.0.1.1 vm\n::1 localhost\n',
    // The kernel has mounted what there is: nothing waits until udev has found it again.
    '/etc/fstab': '',
    '/etc/sudoers.d/admin': 'admin ALL=(ALL) NOPASSWD:ALL\n',
    '/etc/systemd/network/80-dhcp.network':
      '[Match]\nName=e*\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n',
    '/etc/systemd/journald.conf.d/vzvm.conf': '[Journal]\nStorage=volatile\n',
    '/etc/ssh/sshd_config.d/vzvm.conf':
      `HostKey ${HOST_KEY}\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\nUseDNS no\n` +
      'MaxStartups 100\nMaxSessions 100\n',
    '/etc/systemd/system/ssh.service': SSH_UNIT,
    '/etc/systemd/system/vzvm-network.service': NETWORK_UNIT,
    '/etc/systemd/system/vzvm-growfs.service': GROWFS_UNIT,
    ...Object.fromEntries(
      ['service', 'socket'].map((type) => [
        `/etc/systemd/system/systemd-networkd.${type}.d/vzvm.conf`,
        `[Unit]\nConditionKernelCommandLine=!${USER_NETWORK}\n`,
      ]),
    ),
    // Whoever waits for the guest waits for its sshd: what is not needed for that comes after it.
    ...Object.fromEntries(
      ['dbus.service', 'systemd-logind.service', 'systemd-networkd.service'].map((unit) => [
        `/etc/systemd/system/${unit}.d/after-ssh.conf`,
        '[Unit]\nAfter=ssh.service\n',
      ]),
    ),
    // Else nobody but root may log in until the boot is over.
    '/etc/tmpfiles.d/systemd-nologin.conf': '',
    // Not emptied at boot: whoever logs in early may have something there.
    '/etc/tmpfiles.d/tmp.conf': 'd /tmp 1777 root root\nd /var/tmp 1777 root root\n',
    [BEFORE_SSH]: beforeSsh('admin'),
    [NETWORK_SCRIPT]: [
      'set -e',
      // Tells whoever renews the identity of a fork: src/guest/renew-script.ts.
      ': > /run/vzvm-fixed-address',
      'echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_ra',
      'ip -batch - << END',
      'link set eth0 addrgenmode none up',
      'address add 10.0.2.15/24 brd + dev eth0',
      'route add default via 10.0.2.2',
      'END',
      '',
    ].join('\n'),
  },
};

/** The images that this driver builds, by the name that a user writes. */
export const RECIPES: Readonly<Record<string, Recipe>> = { 'debian:12': DEBIAN_12 };
