import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { VZVMSubstrate } from '../../src/substrate/index.ts';
import { startFakeGuest } from '../helpers/fake-guest.ts';
import { rejection } from '../helpers/rejection.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';

afterEach(() => vi.unstubAllEnvs());

/** What opens pages on this machine is a script from here on, or is not there at all. */
async function withOpener(folder: string, script?: string): Promise<void> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  if (script === undefined) return void vi.stubEnv('PATH', bin);
  for (const name of ['xdg-open', 'open'])
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
}

describe('the page that is to be opened', () => {
  it('is opened by a file that only its user can read, which goes with the substrate', async () => {
    await using temp = await tempDir();
    await using guest = await startFakeGuest();
    const [seen, told] = [join(temp.path, 'seen'), join(temp.path, 'told')];
    await withOpener(
      temp.path,
      `cp "$1" '${seen}'; echo "$#:$1" > '${told}.part'; mv '${told}.part' '${told}'`,
    );
    const substrate = new VZVMSubstrate({
      ...guest.options,
      inspector: { open: true, onUrl: () => undefined },
    });
    const url = (await substrate.inspectorUrl()) ?? '';
    const said = () => readFile(told, 'utf8').catch(() => '');
    await until('the opener has run', async () => (await said()) !== '');
    const [count, file = ''] = (await said()).trim().split(':');
    expect(count).toBe('1');
    expect(file).not.toContain(new URL(url).pathname.split('/')[1]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
    expect(await readFile(seen, 'utf8')).toContain(url);
    await substrate.dispose();
    expect(await rejection(stat(dirname(file)))).toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['that fails', 'exit 3', /^the inspector's page cannot be opened: (xdg-)?open ended with exit code 3$/],
    ['that is not there', undefined, /^the inspector's page cannot be opened: spawn (xdg-)?open ENOENT$/],
  ])('with an opener %s is told of in the log, and VMs boot all the same', async (_, script, line) => {
    await using temp = await tempDir();
    await using guest = await startFakeGuest();
    await withOpener(temp.path, script);
    const lines: string[] = [];
    await using substrate = new VZVMSubstrate({
      ...guest.options,
      inspector: { open: true, onUrl: () => undefined },
      onLog: (each) => void lines.push(each),
    });
    await until('it is told', () => lines.some((each) => line.test(each)));
    vi.unstubAllEnvs();
    const { shutdown } = await substrate.bootHarness({ envs: {} });
    await shutdown();
    expect((await fetch((await substrate.inspectorUrl()) ?? '')).status).toBe(200);
  });
});
