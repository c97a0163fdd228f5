import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run-task.mjs';

/**
 * Installs the Debian packages that the QEMU driver needs. Elsewhere it does nothing: the driver's own errors name
 * the missing tool and the command for it.
 */
export function installSystemPackages({ forTests }) {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) return;
  const missing = wantedPackages(forTests).filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const asRoot = rootPrefix();
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  if (!asRoot) {
    console.error(`bootstrap: system packages are missing; run:\n  sudo ${install.join(' ')}`);
    process.exit(1);
  }
  console.error(`bootstrap: installing system packages: ${missing.join(' ')}`);
  apt(asRoot, ['apt-get', 'update', '-q']);
  apt(asRoot, install);
}

function wantedPackages(forTests) {
  const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));
  const wanted = read('src/drivers/qemu/debian-packages.json')[process.arch] ?? [];
  return forTests ? [...wanted, ...read('scripts/debian-test-packages.json')] : wanted;
}

function isInstalled(name) {
  const query = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' });
  return query.status === 0 && query.stdout.trim() === 'installed';
}

function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : undefined;
}

function apt(prefix, command) {
  const [file, ...args] = [...prefix, ...command];
  const result = spawnSync(file, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (result.status === 0) return;
  console.error(`bootstrap: this command failed: ${[file, ...args].join(' ')}`);
  process.exit(1);
}
