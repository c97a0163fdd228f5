import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeSSH } from 'node-ssh';
import { readHostNpm } from '../src/actors/host-npm.ts';
import { resolveNodePackage } from '../src/actors/resolve-node.ts';
import { hostArch } from '../src/drivers/qemu/host.ts';
import { quote } from '../src/guest/index.ts';
import { generateKeyPair } from '../src/ssh/index.ts';
import { startByHand, type ByHandVm } from './by-hand-vm.ts';
import { untilHealthy } from './floor.ts';
import { NODE_MAJOR, nodeCommand } from './floor-install.ts';
import type { Place } from './place.ts';
import type { Sample } from './start/subject.ts';

const DIRECTORY = '/home/admin/harness';
/** What it waits between two tries to log in, and between two looks at the harness. */
const CONNECT_PAUSE_MS = 1_000;
const HEALTH_PAUSE_MS = 500;
const CONNECT_MS = 60_000;

/**
 * The runtime that this one replaces, by its steps and waits: clone, run, login, two files, Node, `npm install`, start,
 * looks at its health. Kinder than it is: the guest's address needs no looking for, no login is tried before there is a
 * server, Node comes as a package from the registry in the place of apt, and what an intercepted network needs is not timed.
 */
export async function upstreamSequence(
  place: Place,
  command: (baseUrl: string) => Promise<void>,
  signal: AbortSignal,
): Promise<Sample> {
  const host = await readHostNpm(signal);
  if (host.token !== undefined) throw new Error('the benchmark cannot use a registry that wants a token');
  const node = await resolveNodePackage({ ...host, major: NODE_MAJOR, arch: hostArch().node, signal });
  const keys = generateKeyPair('bench');
  const { folder, built: artifact, accelerator } = place;
  const started = performance.now();
  await using vm = await startByHand({
    folder: join(folder, 'upstream'),
    artifact,
    accelerator,
    authorizedKey: keys.publicKey,
    signal,
  });
  const ssh = await login(vm, keys.privateKey);
  const cut = () => ssh.dispose();
  vm.signal.addEventListener('abort', cut, { once: true });
  try {
    await send(ssh);
    const aside = performance.now();
    const trust = await trustHost(ssh, folder, host.caPem);
    const untimed = performance.now() - aside;
    await install(ssh, { trust, node: nodeCommand(node.node.url, node.npm.url), registry: host.registry });
    const baseUrl = await serve(ssh, vm);
    const healthy = performance.now() - started - untimed;
    await command(baseUrl);
    return { healthy: [healthy], command: [performance.now() - started - untimed] };
  } catch (error) {
    vm.signal.throwIfAborted();
    throw error;
  } finally {
    vm.signal.removeEventListener('abort', cut);
    ssh.dispose();
  }
}

async function send(ssh: NodeSSH): Promise<void> {
  await must(ssh, `mkdir -p ${DIRECTORY}`);
  for (const name of ['harness.mjs', 'package.json']) await ssh.putFile(asset(name), `${DIRECTORY}/${name}`);
}

async function install(
  ssh: NodeSSH,
  { trust, node, registry }: { readonly trust: string; readonly node: string; readonly registry: string },
): Promise<void> {
  const { code } = await ssh.execCommand('node -v | grep -E "^v2[02]\\."');
  if (code !== 0) await must(ssh, `${trust}${node}`);
  const npm = `npm install --include=optional --no-fund --no-audit --registry=${quote(registry)}`;
  await must(ssh, `${trust}cd ${DIRECTORY} && ${npm}`);
}

async function serve(ssh: NodeSSH, vm: ByHandVm): Promise<string> {
  const start = 'setsid -f node harness.mjs </dev/null >/tmp/harness.log 2>&1';
  await must(ssh, `cd ${DIRECTORY} && HOST=0.0.0.0 PORT=7700 ${start}`);
  const baseUrl = `http://127.0.0.1:${vm.ports[7700]}`;
  await untilHealthy(`${baseUrl}/v1/health`, vm.signal, HEALTH_PAUSE_MS);
  ssh.dispose();
  return baseUrl;
}

const asset = (name: string): string => fileURLToPath(new URL(`../assets/${name}`, import.meta.url));

async function login(vm: ByHandVm, privateKey: string): Promise<NodeSSH> {
  const deadline = Date.now() + CONNECT_MS;
  for (;;) {
    const ssh = new NodeSSH();
    try {
      return await ssh.connect({ host: '127.0.0.1', port: vm.ports[22] ?? 0, username: 'admin', privateKey });
    } catch (error) {
      ssh.dispose();
      vm.signal.throwIfAborted();
      if (Date.now() >= deadline) throw error;
    }
    await sleep(CONNECT_PAUSE_MS, undefined, { signal: vm.signal });
  }
}

/** The start of each command behind a network that intercepts TLS. */
async function trustHost(ssh: NodeSSH, folder: string, caPem: string | undefined): Promise<string> {
  if (caPem === undefined) return '';
  const file = join(folder, 'host-ca.pem');
  await writeFile(file, caPem);
  await ssh.putFile(file, `${DIRECTORY}/host-ca.pem`);
  await must(ssh, `cd ${DIRECTORY} && cat /etc/ssl/certs/ca-certificates.crt host-ca.pem > ca.pem`);
  return `export NODE_EXTRA_CA_CERTS=${DIRECTORY}/host-ca.pem CURL_CA_BUNDLE=${DIRECTORY}/ca.pem; `;
}

async function must(ssh: NodeSSH, command: string): Promise<void> {
  const { code, stderr } = await ssh.execCommand(command);
  if (code !== 0) throw new Error(`a command in the guest ended with ${code}: ${stderr.slice(-500)}`);
}
