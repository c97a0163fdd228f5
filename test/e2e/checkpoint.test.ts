import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { execInGuest } from '../../src/actors/guest-connection.ts';
import { type BootedVm, VZVMSubstrate } from '../../src/index.ts';
import type * as sessionModule from '../../src/substrate/session.ts';
import { preparedCache } from './cache.ts';
import { sessions } from './known-sessions.ts';
import { makePlace, NOTHING } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

vi.mock('../../src/substrate/session.ts', async (original) => {
  const { knowing } = await import('./known-sessions.ts');
  return knowing(await original<typeof sessionModule>());
});

const reason = reasonToSkip();
const GUEST_PORT = 4711;
const signal = AbortSignal.timeout(10 * 60_000);

function ask({ vm }: BootedVm, command: string): Promise<string> {
  const session = sessions.get(vm.name);
  if (!session) throw new Error(`${vm.name} is not known`);
  return execInGuest(session, command, { timeoutMs: 60_000, signal });
}

const IDENTITY = [
  'cat /etc/machine-id',
  'hostname',
  'cut -d" " -f2 /etc/ssh/ssh_host_ed25519_key.pub',
  'head -c 16 /dev/urandom | base64',
  'cat .ssh/authorized_keys',
];

/** What a VM says of itself, and its token. */
async function identityOf(booted: BootedVm): Promise<string[]> {
  const told = (await ask(booted, IDENTITY.join('; '))).trim().split('\n');
  return [...told, booted.baseUrl];
}

async function newSession(baseUrl: string): Promise<string> {
  const { engines } = (await (await fetch(`${baseUrl}/v1/health`)).json()) as { engines: object };
  const source = {
    type: 'inline',
    manifest: { name: 'a', version: '1.0.0' },
    files: { 'a.txt': 'of the session' },
  };
  const body = { engine: Object.keys(engines)[0], identity: { loader: 'gitagentprotocol', source } };
  const headers = { 'content-type': 'application/json' };
  const made = await fetch(`${baseUrl}/v1/sessions`, { method: 'POST', headers, body: JSON.stringify(body) });
  return ((await made.json()) as { sessionId: string }).sessionId;
}

const fileOf = async (baseUrl: string, session: string) => {
  const response = await fetch(`${baseUrl}/v1/sessions/${session}/fs/file?path=a.txt`);
  return response.ok ? response.text() : response.status;
};

/** Something of this host's that guests reach. */
async function hostService() {
  const server = createServer((_, response) => void response.end('the host')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port, close };
}

const savedIn = async (cacheDir: string) =>
  (await readdir(join(cacheDir, 'qemu'))).filter((name) => name.startsWith('template-live-'));

describe.skipIf(reason !== undefined)(`copies of a VM that runs${reason ? ` (${reason})` : ''}`, () => {
  it('go on from where it was, each as a VM of its own, and leave nothing', async () => {
    await using place = await makePlace();
    const cacheDir = await preparedCache(place.stateDir);
    const lines: string[] = [];
    const service = await hostService();
    const substrate = new VZVMSubstrate({
      driver: 'qemu',
      stateDir: place.stateDir,
      cacheDir,
      fork: 'never',
      memoryMiB: 1024,
      hostPorts: { [GUEST_PORT]: service.port },
      onLog: (line) => void lines.push(line),
    });
    try {
      const source = await substrate.bootHarness({ envs: { A_KEY: 'a-value' } });
      const session = await newSession(source.baseUrl);
      await ask(
        source,
        'echo before > file; setsid -f sh -c "echo \\$\\$ > pid; exec sleep 86400" > /dev/null 2>&1',
      );
      const pid = (await ask(source, 'until [ -s pid ]; do sleep 0.1; done; cat pid')).trim();

      const copies = await source.vm.fork({ count: 2 });
      expect(copies).toHaveLength(2);
      expect((await substrate.list()).length).toBe(3);
      await ask(source, 'echo after > file');
      for (const copy of copies) {
        expect(await ask(copy, `cat file; cat /proc/${pid}/comm`)).toBe('before\nsleep\n');
        expect(await fileOf(copy.baseUrl, session)).toBe('of the session');
        const stolen = source.baseUrl.replace(new URL(source.baseUrl).origin, new URL(copy.baseUrl).origin);
        expect(await fileOf(stolen, session)).toBe(401);
        const service = `node -e 'fetch("http://127.0.0.1:${GUEST_PORT}").then((r) => r.text()).then(console.log)'`;
        expect(await ask(copy, service)).toBe('the host\n');
      }
      const all = [source, ...copies];
      const identities = await Promise.all(all.map(identityOf));
      identities[0]?.forEach((_, index) => {
        const values = identities.map((identity) => identity[index]);
        expect(new Set(values).size, `${IDENTITY[index] ?? 'base URL'}: ${values.join()}`).toBe(3);
      });
      expect(identities.slice(1).map((told) => told[1])).toEqual(copies.map(({ vm }) => vm.name));
      // One login is ours: those of the source have not come along.
      const watches = await Promise.all(
        copies.map((copy) => ask(copy, 'pgrep -cf "^sshd: .*@notty" || true')),
      );
      expect(watches).toEqual(['1\n', '1\n']);
      expect([await ask(source, 'cat file'), await fileOf(source.baseUrl, session)]).toEqual([
        'after\n',
        'of the session',
      ]);

      await source.shutdown();
      const [first, second] = copies;
      // Copies can be copied, also when what they were copied from has ended.
      const checkpoint = await first?.vm.checkpoint();
      await first?.shutdown();
      const [again] = (await checkpoint?.fork()) ?? [];
      expect(again && (await ask(again, `cat file; cat /proc/${pid}/comm`))).toBe('before\nsleep\n');
      expect(await savedIn(cacheDir)).toHaveLength(2);
      await Promise.all([second?.shutdown(), again?.shutdown()]);
      expect(await savedIn(cacheDir)).toHaveLength(2);
      await checkpoint?.remove();
      expect(await savedIn(cacheDir)).toEqual([]);
    } catch (error) {
      throw new Error(lines.slice(-30).join('\n'), { cause: error });
    } finally {
      await substrate.dispose();
      await service.close();
    }
    expect(await savedIn(cacheDir)).toEqual([]);
    expect(await place.look()).toEqual(NOTHING);
  });

  it('are made of a VM that is itself a fork of a template, too', async () => {
    await using place = await makePlace();
    const cacheDir = await preparedCache(place.stateDir);
    const { stateDir } = place;
    await using substrate = new VZVMSubstrate({ driver: 'qemu', stateDir, cacheDir, memoryMiB: 1024 });
    await substrate.prepareImage();
    const source = await substrate.bootHarness({ envs: {} });
    expect(source.vm.timeline.find(({ state }) => state === 'ssh-connect')?.skipped).toBe(true);
    const session = await newSession(source.baseUrl);
    const [copy] = await source.vm.fork();
    await source.shutdown();
    if (!copy) throw new Error('there is no copy');
    expect(await fileOf(copy.baseUrl, session)).toBe('of the session');
    expect((await ask(copy, 'hostname')).trim()).toBe(copy.vm.name);
    await copy.shutdown();
    expect(await savedIn(cacheDir)).toEqual([]);
    expect(await place.look()).toEqual(NOTHING);
  });
});
