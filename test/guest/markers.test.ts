import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  digestOf,
  markPackagesCommand,
  markUploadedCommand,
  parseProbe,
  probeCommand,
} from '../../src/guest/index.ts';
import { sh } from '../helpers/sh.ts';
import { tempDir } from '../helpers/temp.ts';

describe('digestOf', () => {
  const a = { path: 'a', content: 'one' };
  const b = { path: 'b', content: Buffer.from('two') };

  it('depends on names and contents alone, not on their order', () => {
    expect(digestOf([a, b])).toBe(digestOf([b, { path: 'a', content: Buffer.from('one') }]));
    expect(digestOf([a])).toMatch(/^[0-9a-f]{64}$/);
  });

  it('tells every two different sets of files apart', () => {
    const files = fc.uniqueArray(fc.record({ path: fc.string(), content: fc.string() }), {
      selector: (f) => f.path,
      maxLength: 3,
    });
    const key = (set: { path: string; content: string }[]) =>
      JSON.stringify(set.toSorted((a, b) => (a.path < b.path ? -1 : 1)).map((f) => [f.path, f.content]));
    fc.assert(
      fc.property(files, files, (one, two) => {
        expect(digestOf(one) === digestOf(two)).toBe(key(one) === key(two));
      }),
    );
    expect(digestOf([{ path: 'a', content: 'b:1' }])).not.toBe(digestOf([{ path: 'a:b', content: '1' }]));
  });
});

describe('probe', () => {
  it('reads what the marks say, in one command', async () => {
    await using temp = await tempDir();
    const directory = join(temp.path, "my 'harness'");
    const before = parseProbe((await sh(probeCommand({ directory }))).stdout);
    expect(before).not.toHaveProperty('harnessDigest');
    expect(before).not.toHaveProperty('packagesDigest');
    await mkdir(directory);
    expect(await sh(markUploadedCommand({ directory, digest: 'abc' }))).toMatchObject({ exitCode: 0 });
    expect(await sh(markPackagesCommand({ directory, digest: 'def' }))).toMatchObject({ exitCode: 0 });
    const probe = parseProbe((await sh(probeCommand({ directory }))).stdout);
    expect(probe).toMatchObject({
      arch: process.arch,
      node: process.versions.node,
      nodeMajor: Number(process.versions.node.split('.')[0]),
      npm: true,
      harnessDigest: 'abc',
      packagesDigest: 'def',
    });
  });

  it('sees a guest that has nothing but a shell, through the noise of a login', async () => {
    await using temp = await tempDir();
    const bin = join(temp.path, 'bin');
    await mkdir(bin);
    await sh(`for each in sh uname id cat; do ln -s "$(command -v $each)" ${bin}/; done`);
    const command = probeCommand({ directory: '/nowhere' }).replace(':/usr/local/bin:', ':');
    const { stdout } = await sh(`echo Welcome arch=vax; ${command}`, { env: { PATH: bin } });
    const probe = parseProbe(stdout.replaceAll('\n', '\r\n'));
    expect(probe).toEqual({ arch: process.arch, npm: false, sudo: process.getuid?.() === 0 });
  });

  it('says so when no harness runs on the processor', () => {
    expect(() => parseProbe('vzvm-probe arch=riscv64\n')).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
    expect(() => parseProbe('')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });
});
