import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readHostNpm } from '../../src/actors/host-npm.ts';
import { tempDir } from '../helpers/temp.ts';

const signal = new AbortController().signal;
const certificate = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;

async function host(
  files: { user?: string; project?: string; global?: string },
  env: Record<string, string> = {},
) {
  const temp = await tempDir();
  const cwd = join(temp.path, 'project');
  await mkdir(cwd);
  const global = join(temp.path, 'global');
  if (files.user !== undefined) await writeFile(join(temp.path, '.npmrc'), files.user);
  if (files.project !== undefined) await writeFile(join(cwd, '.npmrc'), files.project);
  if (files.global !== undefined) await writeFile(global, files.global);
  const places = { env: { HOME: temp.path, npm_config_globalconfig: global, ...env }, cwd };
  return {
    path: temp.path,
    read: () => readHostNpm(signal, places),
    [Symbol.asyncDispose]: temp[Symbol.asyncDispose],
  };
}

describe('readHostNpm', () => {
  it('answers the public registry where nothing is set', async () => {
    await using it = await host({});
    expect(await it.read()).toEqual({ registry: 'https://registry.npmjs.org/' });
  });

  it('takes the registry from the environment, the project, the user, then the global file', async () => {
    const files = {
      project: 'registry=https://p.example',
      user: 'registry = "https://u.example/"',
      global: 'registry=https://g.example/',
    };
    await using all = await host(files, { NPM_CONFIG_REGISTRY: 'https://e.example/npm' });
    expect((await all.read()).registry).toBe('https://e.example/npm/');
    await using three = await host(files);
    expect((await three.read()).registry).toBe('https://p.example/');
    await using two = await host({ user: files.user, global: files.global });
    expect((await two.read()).registry).toBe('https://u.example/');
    await using one = await host({ global: files.global });
    expect((await one.read()).registry).toBe('https://g.example/');
  });

  it('finds the token of that registry alone, also on a path above it, with variables filled in', async () => {
    const user =
      'registry=https://r.example/team/npm/\n//r.example/team/:_authToken=${MY_TOKEN}\n//registry.npmjs.org/:_authToken=other';
    await using it = await host({ user }, { MY_TOKEN: 'from-env' });
    expect(await it.read()).toEqual({ registry: 'https://r.example/team/npm/', token: 'from-env' });
    await using unset = await host({ user });
    expect(await unset.read()).not.toHaveProperty('token');
    await using elsewhere = await host({ user: '//other.example/:_authToken=x' });
    expect(await elsewhere.read()).not.toHaveProperty('token');
  });

  it('keeps a login out of the address', async () => {
    await using it = await host({ user: 'registry=https://me:pass@r.example/' });
    expect((await it.read()).registry).toBe('https://r.example/');
    await using broken = await host({ user: 'registry=not a url' });
    await expect(broken.read()).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  it('collects the extra certificates, each once, and never a private key', async () => {
    await using it = await host({ user: `ca[]="${certificate('CCC').replaceAll('\n', String.raw`\n`)}"` });
    const [one, two] = [join(it.path, 'one.pem'), join(it.path, 'two.pem')];
    await writeFile(
      one,
      `${certificate('AAA')}-----BEGIN PRIVATE KEY-----\nKKK\n-----END PRIVATE KEY-----\n`,
    );
    await writeFile(two, certificate('AAA') + certificate('BBB'));
    const env = {
      HOME: it.path,
      NODE_EXTRA_CA_CERTS: one,
      npm_config_cafile: two,
      npm_config_globalconfig: '/none',
    };
    const found = await readHostNpm(signal, { env, cwd: it.path });
    expect(found.caPem).toBe(certificate('AAA') + certificate('BBB') + certificate('CCC'));
  });

  it('names a certificate file that cannot be read', async () => {
    await using it = await host({}, { NODE_EXTRA_CA_CERTS: '/none/ca.pem' });
    await expect(it.read()).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      facts: { path: '/none/ca.pem' },
    });
  });
});
