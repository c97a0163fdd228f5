import { describe, expect, it } from 'vitest';
import { checkRegistry } from '../../src/actors/check-registry.ts';
import { startRegistry } from '../helpers/registry.ts';
import { freePort } from '../helpers/sshd.ts';
import { tempDir } from '../helpers/temp.ts';

const signal = new AbortController().signal;

async function look(registry: string, abort: AbortSignal = signal) {
  await using temp = await tempDir();
  const [userconfig, globalconfig] = [`${temp.path}/user`, `${temp.path}/global`];
  const env = {
    npm_config_registry: registry,
    npm_config_userconfig: userconfig,
    npm_config_globalconfig: globalconfig,
  };
  return await checkRegistry(abort, { env, cwd: temp.path });
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

  it('is cancelled', async () => {
    await expect(look('http://localhost:1/', AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
