import { createHash } from 'node:crypto';
import type { HostArch } from '../host.ts';
import { sourceLines, type DebianMirror } from '../mirror.ts';
import type { Recipe } from './recipe.ts';

/** The argument vector of mmdebstrap that makes a recipe's root file system. Pure. */
export function mmdebstrapArgs(
  recipe: Recipe,
  build: {
    readonly arch: HostArch;
    readonly mirror: DebianMirror;
    readonly tar: string;
    readonly isRoot: boolean;
  },
): string[] {
  return [
    `--mode=${build.isRoot ? 'root' : 'unshare'}`,
    '--variant=minbase',
    '--format=tar',
    `--architectures=${build.arch.debian}`,
    `--include=${[...recipe.packages, build.arch.kernel].join(',')}`,
    '--aptopt=Acquire::Languages "none"',
    ...recipe.excludedPaths.map((path) => `--dpkgopt=path-exclude=${path}`),
    `--essential-hook=${initrdScript(recipe)}`,
    `--customize-hook=${customizeScript(recipe)}`,
    recipe.suite,
    build.tar,
    ...sourceLines(build.mirror, recipe.suite),
  ];
}

/** Runs before the kernel is installed, so that its initrd is made once and small: `$1` is the root. */
function initrdScript(recipe: Recipe): string {
  return [
    'set -e',
    writeFile('/etc/initramfs-tools/conf.d/vzvm', 'MODULES=list\nCOMPRESS=zstd\nRESUME=none\n'),
    writeFile('/etc/initramfs-tools/modules', `${recipe.initrdModules.join('\n')}\n`),
  ].join('\n');
}

/** Runs when all packages are there: `$1` is the root. */
function customizeScript(recipe: Recipe): string {
  return [
    'set -e',
    ...Object.entries(recipe.files).map(([path, text]) => writeFile(path, text)),
    'chmod 0440 "$1"/etc/sudoers.d/*',
    `chroot "$1" useradd --create-home --shell /bin/bash ${recipe.user}`,
    `echo '${recipe.user}:${recipe.password}' | chroot "$1" chpasswd`,
    `chroot "$1" systemctl --quiet enable ${recipe.enabledUnits.join(' ')}`,
    `chroot "$1" systemctl --quiet mask ${recipe.maskedUnits.join(' ')}`,
    // A login that systemd keeps a session for starts a manager of its own, which takes seconds under emulation.
    `sed -i '/pam_systemd/d' "$1"/etc/pam.d/common-session`,
    'rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/update-motd.d/* "$1"/etc/motd',
    // The names have the kernel's version; whoever boots it wants to know where it is.
    'mv "$1"/boot/vmlinuz-* "$1"/boot/vmlinuz',
    'mv "$1"/boot/initrd.img-* "$1"/boot/initrd',
  ].join('\n');
}

/**
 * Turns a root file system on standard input into a qcow2 disk on standard output, in a temporary folder of its own:
 * so the user who runs it, in a name space or not, needs access to neither file's folder. `$1`: size in GiB.
 */
export const DISK_SCRIPT = [
  'set -e',
  // Only the disk goes to standard output, whatever the tools have to say.
  'exec 3>&1 1>&2',
  "trap 'exit 143' TERM INT",
  'work=$(mktemp -d)',
  'trap \'rm -rf "$work"\' EXIT',
  'mkdir "$work/root"',
  'tar -x --numeric-owner -C "$work/root" -f -',
  'rm -rf "$work"/root/boot/*',
  'echo \'nameserver 10.0.2.3\' > "$work/root/etc/resolv.conf"',
  // Empty, not absent: an id of its own for each guest, without the long list of first-boot work.
  ': > "$work/root/etc/machine-id"',
  // Newer than /usr: nothing is to be rebuilt at first boot.
  'touch -d "+1 minute" "$work/root/etc/.updated" "$work/root/var/.updated"',
  'mke2fs -q -t ext4 -L root -m 0 -E lazy_itable_init=0,lazy_journal_init=0 -d "$work/root" "$work/disk" "$1G"',
  'rm -rf "$work/root"',
  'qemu-img convert -f raw -O qcow2 "$work/disk" "$work/disk.qcow2"',
  'cat "$work/disk.qcow2" >&3',
].join('\n');

function writeFile(path: string, text: string): string {
  const folder = path.slice(0, path.lastIndexOf('/'));
  return `mkdir -p "$1"${folder}\nprintf %s ${quote(text)} > "$1"${path}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Names the content of what a recipe builds: everything that goes into it, so that any change is another image. */
export function recipeDigest(recipe: Recipe, arch: HostArch, mirror: DebianMirror): string {
  const args = mmdebstrapArgs(recipe, { arch, mirror, tar: '', isRoot: true });
  const content = JSON.stringify([args, DISK_SCRIPT, recipe.diskGiB]);
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
