import { readFile } from 'node:fs/promises';
import { readHostNpm } from '../src/actors/host-npm.ts';
import { resolveNodePackage } from '../src/actors/resolve-node.ts';
import { hostArch } from '../src/drivers/qemu/host.ts';
import { quote } from '../src/guest/index.ts';
import { uploadFiles, type SshConnection } from '../src/ssh/index.ts';

/** Where the harness is in every guest here. */
export const DIRECTORY = '/home/admin/harness';

const CA_FILE = `${DIRECTORY}/host-ca.pem`;
/** curl takes one bundle instead of its own, not in addition to it. */
const BUNDLE = `${DIRECTORY}/ca.pem`;
export const NODE_MAJOR = 22;
const STEP_MS = 20 * 60_000;
const FILES = ['harness.mjs', 'package.json', 'package-lock.json'];

/** As somebody types it: download, unpack, `npm ci`. Looking the versions up and sending the files is not timed. */
export async function installByHand(
  guest: SshConnection,
  signal: AbortSignal,
): Promise<{ readonly nodeInstall: number; readonly npmInstall: number }> {
  const host = await readHostNpm(signal);
  const { registry, token, caPem } = host;
  if (token !== undefined) throw new Error('the benchmark cannot use a registry that wants a token');
  const { node, npm } = await resolveNodePackage({
    ...host,
    major: NODE_MAJOR,
    arch: hostArch().node,
    signal,
  });
  const assets = new URL('../assets/', import.meta.url);
  const files = FILES.map(async (path) => ({ path, content: await readFile(new URL(path, assets)) }));
  const certificates = caPem === undefined ? [] : [{ path: 'host-ca.pem', content: caPem }];
  await uploadFiles(guest, {
    directory: DIRECTORY,
    files: [...(await Promise.all(files)), ...certificates],
    timeoutMs: STEP_MS,
    signal,
  });
  if (caPem !== undefined)
    await must(guest, `cat /etc/ssl/certs/ca-certificates.crt ${CA_FILE} > ${BUNDLE}`, signal);
  const trust = caPem === undefined ? '' : `export NODE_EXTRA_CA_CERTS=${CA_FILE} CURL_CA_BUNDLE=${BUNDLE}; `;
  const timed = async (command: string) => {
    const started = performance.now();
    await must(guest, `${trust}${command}`, signal);
    return performance.now() - started;
  };
  const nodeInstall = await timed(nodeCommand(node.url, npm.url));
  const npmInstall = await timed(
    `cd ${DIRECTORY} && npm ci --no-audit --no-fund --omit=dev --registry=${quote(registry)}`,
  );
  return { nodeInstall, npmInstall };
}

/** Node and npm from their packages. */
export function nodeCommand(nodeUrl: string, npmUrl: string): string {
  const modules = '/usr/local/lib/node_modules/npm';
  const unpack = 'sudo tar -xz --no-same-owner --strip-components=1 -C';
  return [
    'set -e',
    `sudo mkdir -p ${modules}`,
    `curl -fsSL ${quote(nodeUrl)} | ${unpack} /usr/local package/bin/node`,
    `curl -fsSL ${quote(npmUrl)} | ${unpack} ${modules}`,
    `sudo ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm`,
  ].join('\n');
}

async function must(guest: SshConnection, command: string, signal: AbortSignal): Promise<void> {
  const { exitCode, stderrTail } = await guest.exec(command, { timeoutMs: STEP_MS, signal });
  if (exitCode !== 0) throw new Error(`a command in the guest ended with ${exitCode}: ${stderrTail}`);
}
