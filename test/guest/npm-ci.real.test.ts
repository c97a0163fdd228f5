import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explainNpmFailure, npmCiCommand } from '../../src/guest/index.ts';
import { startRegistry, type Registry } from '../helpers/registry.ts';
import { sh } from '../helpers/sh.ts';
import { freePort } from '../helpers/sshd.ts';
import { tempDir } from '../helpers/temp.ts';

const PACKAGES = [{ name: 'tiny', version: '1.0.0', files: { 'index.js': 'module.exports = 1' } }];
const TOKEN = 'npm_t0ken';

async function project(path: string, registry: Registry | undefined) {
  const directory = join(path, "the 'harness'");
  await mkdir(directory);
  const dependencies = { tiny: '1.0.0' };
  const integrity = registry?.integrity('tiny') ?? `sha512-${Buffer.alloc(64).toString('base64')}`;
  const packages = { '': { name: 'p', dependencies }, 'node_modules/tiny': { version: '1.0.0', integrity } };
  const lock = { name: 'p', lockfileVersion: 3, requires: true, packages };
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'p', dependencies }));
  await writeFile(join(directory, 'package-lock.json'), JSON.stringify(lock));
  await writeFile(join(directory, '.packages-digest'), 'old\n');
  return { directory, env: guestEnv(path) };
}

/** A guest knows nothing of the settings of the machine that runs the tests: neither npm's files nor its variables. */
function guestEnv(home: string): Record<string, string | undefined> {
  const settings = Object.keys(process.env).filter((name) => /^(?:npm_config_|NODE_)/i.test(name));
  return {
    ...Object.fromEntries(settings.map((name) => [name, undefined])),
    HOME: home,
    npm_config_userconfig: join(home, 'none'),
    npm_config_globalconfig: join(home, 'none-either'),
  };
}

describe('npmCiCommand', () => {
  it('installs by the lock file, with a token that is in no file, from a registry with a certificate of its own', async () => {
    await using temp = await tempDir();
    const [keyFile, caFile] = [join(temp.path, 'key.pem'), join(temp.path, 'ca.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    spawnSync('openssl', [
      'req',
      '-x509',
      ...curve,
      '-nodes',
      '-keyout',
      keyFile,
      '-out',
      caFile,
      ...subject,
    ]);
    const tls = { key: await readFile(keyFile, 'utf8'), cert: await readFile(caFile, 'utf8') };
    await using registry = await startRegistry(PACKAGES, { token: TOKEN, tls });
    const { directory, env } = await project(temp.path, registry);
    const recipe = { directory, registry: registry.url, hasToken: true };

    const untrusted = await sh(npmCiCommand(recipe), { env, input: `${TOKEN}\n` });
    expect(untrusted.exitCode).not.toBe(0);
    expect(explainNpmFailure(untrusted.stderr)).toEqual({
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') as string,
      retry: 'unsafe',
    });
    expect(await readdir(directory)).not.toContain('.packages-digest');

    const trusted = await sh(npmCiCommand({ ...recipe, caFile }), { env, input: `${TOKEN}\n` });
    expect(trusted).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await readFile(join(directory, 'node_modules/tiny/index.js'), 'utf8')).toBe('module.exports = 1');
    expect(registry.requests.at(-1)).toBe(`GET /tiny/-/tiny-1.0.0.tgz Bearer ${TOKEN}`);
    expect(await sh(`grep -rl ${TOKEN} '${temp.path}'`)).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('says that the registry refuses the host', async () => {
    await using temp = await tempDir();
    await using registry = await startRegistry(PACKAGES, { token: TOKEN });
    const { directory, env } = await project(temp.path, registry);
    const result = await sh(npmCiCommand({ directory, registry: registry.url, hasToken: false }), { env });
    expect(result.exitCode).not.toBe(0);
    expect(explainNpmFailure(result.stderr).hint).toContain('npm whoami');
  });

  it('fails soon when the registry is down', async () => {
    await using temp = await tempDir();
    const { directory, env } = await project(temp.path, undefined);
    const registry = `http://127.0.0.1:${await freePort()}/`;
    const result = await sh(npmCiCommand({ directory, registry, hasToken: false }), { env });
    expect(result.exitCode).not.toBe(0);
    expect(explainNpmFailure(result.stderr)).toEqual({
      hint: expect.stringContaining('does not answer') as string,
      retry: 'safe',
    });
  });
});

describe('explainNpmFailure', () => {
  it.each([
    ['npm error code ENOTFOUND\nnpm error request to https://r.example/x failed', /resolve/, 'safe'],
    ['npm error code EAI_AGAIN', /resolve/, 'safe'],
    ['npm error network request to https://r failed, reason: connect ETIMEDOUT', /does not answer/, 'safe'],
    ['npm error code SELF_SIGNED_CERT_IN_CHAIN', /NODE_EXTRA_CA_CERTS/, 'unsafe'],
    ['reason: unable to get local issuer certificate', /NODE_EXTRA_CA_CERTS/, 'unsafe'],
    ['reason: certificate is not yet valid CERT_NOT_YET_VALID', /clock/, 'safe'],
    ['npm error nospc ENOSPC: no space left on device, write', /diskGiB/, 'unsafe'],
    ['npm error code E401', /npm login/, 'unsafe'],
    ['npm error code EINTEGRITY', /lock file/, 'unsafe'],
    ['npm error code E404', /does not have/, 'unsafe'],
    ['sh: 9: npm: not found', /without npm/, 'unsafe'],
    ['something new', /npm ping/, 'safe'],
  ])('knows %j', (stderr, hint, retry) => {
    expect(explainNpmFailure(stderr)).toEqual({ hint: expect.stringMatching(hint) as string, retry });
  });
});
