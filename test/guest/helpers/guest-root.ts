import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { tempDir } from '../../helpers/temp.ts';

/** What a guest's files hold before its identity is renewed. */
const FILES: Readonly<Record<string, string>> = {
  'etc/group': 'root:x:0:\nguest:x:4242:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\n',
  'etc/machine-id': `${'0'.repeat(32)}\n`,
  'etc/hostname': 'template\n',
  'etc/hosts': '127.0.0.1 localhost\n127.0.1.1 template template.local\n::1 localhost\n',
  'etc/ssh/sshd_config': 'UseDNS no\n',
  'etc/ssh/ssh_host_ed25519_key': 'the private key of the template\n',
  'etc/ssh/ssh_host_ed25519_key.pub': 'the public key of the template\n',
  'etc/ssh/ssh_host_ed25519_key-cert.pub': 'a certificate of the template\n',
  'etc/ssh/ssh_host_rsa_key': 'another key of the template\n',
  'etc/ssh/ssh_host_rsa_key.pub': 'another key of the template\n',
  'lib/dbus/machine-id': `${'0'.repeat(32)}\n`,
  'lib/systemd/random-seed': 'the seed of the template',
  'home/.ssh/authorized_keys': 'ssh-ed25519 AAAA the template\n',
  'home/.ssh/authorized_keys2': 'ssh-ed25519 AAAA the template\n',
};

/** The user whose keys are replaced. */
export const GUEST_USER = { name: 'guest', uid: 4242 };

const UNSHARE = ['unshare', '--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc'];

const drop = (rights: string) => ['setpriv', '--bounding-set', rights];

/** Whether processes here can be given files and a name of their own, so that nothing they do reaches the machine. */
export const canIsolate =
  process.platform === 'linux' && succeeds([...UNSHARE, '--net', ...drop('-sys_time'), 'true']);

/** The files of a guest in a folder, and a way to run programs that take them for the machine's own. */
export async function guestRoot() {
  const temp = await tempDir();
  const passwd = `root:x:0:0::/root:/bin/sh\nguest:x:4242:4242::${join(temp.path, 'home')}:/bin/sh\n`;
  for (const [name, content] of Object.entries({ ...FILES, 'etc/passwd': passwd })) {
    await mkdir(dirname(join(temp.path, name)), { recursive: true });
    await writeFile(join(temp.path, name), content);
  }
  await chmod(join(temp.path, 'etc/machine-id'), 0o444);
  return { ...temp, file: (name: string) => join(temp.path, name), wrap: wrapper(temp.path) };
}

/**
 * Puts a command where /etc and /var/lib are the guest's, where it may not set the clock, which no namespace holds, and
 * where a preparation is done first. With `net`, in a network of its own; `without` another right of root's.
 */
function wrapper(root: string) {
  return (command: readonly string[], { first = ':', net = false, without = '' } = {}): readonly string[] => {
    const mounts = 'mount --bind "$1/etc" /etc; mount --bind "$1/lib" /var/lib';
    const inside = `set -eu; ${mounts}; shift; ${first}; exec "$@"`;
    const isolated = [...UNSHARE, ...(net ? ['--net'] : [])];
    const dropped = drop(`-sys_time${without && `,-${without}`}`);
    return [...isolated, 'sh', '-c', inside, 'sh', root, ...dropped, ...command];
  };
}

/** Runs a program to its end, giving it its input when it is ready for it. */
export async function converse([program = '', ...args]: readonly string[], input: () => string) {
  const child = spawn(program, args);
  child.stdin.on('error', () => undefined);
  child.stdout.once('data', () => child.stdin.end(input()));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode: child.exitCode, stdout, stderr };
}

function succeeds([program = '', ...args]: readonly string[]): boolean {
  return spawnSync(program, args).status === 0;
}
