import { describe, expect, it, vi } from 'vitest';
import { checkRegistry } from '../../src/actors/check-registry.ts';
import { startRegistry } from '../helpers/registry.ts';
import { freePort } from '../helpers/sshd.ts';
import { startSilentServer } from '../helpers/silent-server.ts';
import { tempDir } from '../helpers/temp.ts';

const signal = new AbortController().signal;

async function look(registry: string, abort: AbortSignal = signal, timeoutMs?: number) {
  await using temp = await tempDir();
  const [userconfig, globalconfig] = [`${temp.path}/user`, `${temp.path}/global`];
  const env = {
    npm_config_registry: registry,
    npm_config_userconfig: userconfig,
    npm_config_globalconfig: globalconfig,
  };
  return await checkRegistry(abort, { env, cwd: temp.path }, timeoutMs);
}

describe('checkRegistry', () => {
  it('says that the registry answers', async () => {
    await using registry = await startRegistry([{ name: 'npm', version: '11.0.0', files: {} }]);
    expect(await look(registry.url)).toMatchObject({ level: 'ok', message: `${registry.url} answers` });
    expect(registry.requests).toEqual(['HEAD /npm -']);
  });

  it('says what mends one that wants a login, and one that is down', async () => {
    await using registry = await startRegistry([], { token: 'secret' });
    const refused = await look(registry.url);
    expect(refused).toMatchObject({ level: 'warning', fix: `npm login --registry ${registry.url}` });
    expect(await look(`http://localhost:${await freePort()}/`)).toMatchObject({
      level: 'warning',
      fix: 'npm ping',
    });
  });

  it('does not wait for a proxy that says nothing', async () => {
    await using proxy = await startSilentServer();
    for (const name of ['http_proxy', 'HTTP_PROXY']) vi.stubEnv(name, proxy.url);
    for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, '');
    try {
      const found = await look('http://registry.example/', signal, 100);
      expect(found).toMatchObject({ level: 'warning', fix: expect.stringContaining('curl') as string });
      expect(found.message).toContain('within 100 ms');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('is cancelled', async () => {
    await expect(look('http://localhost:1/', AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
