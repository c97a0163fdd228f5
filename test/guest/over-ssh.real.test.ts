import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  markUploadedCommand,
  parseProbe,
  probeCommand,
  spawnCommand,
  stopCommand,
  watchCommand,
} from '../../src/guest/index.ts';
import { connectSsh, uploadFiles } from '../../src/ssh/index.ts';
import { isRunning } from '../helpers/processes.ts';
import { startSshd } from '../helpers/sshd.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';

const STANDIN = `process.stdin.once('data', (line) => console.log('got ' + JSON.parse(line).port)); setInterval(() => {}, 1000);`;

it('brings a harness up through a real sshd, outlives the login that spawned it, and is seen to end', async () => {
  await using sshd = await startSshd();
  await using temp = await tempDir();
  const place = { directory: join(temp.path, "it's here") };
  const timeoutMs = 30_000;
  const open = () =>
    connectSsh({
      dial: () => sshd.dial(),
      user: sshd.user,
      auth: { privateKey: sshd.privateKey },
      pinnedHostKey: sshd.hostKey,
      signal: new AbortController().signal,
    });

  const first = await open();
  await uploadFiles(first, { ...place, files: [{ path: 'harness.mjs', content: STANDIN }], timeoutMs });
  await first.exec(markUploadedCommand({ ...place, digest: 'd1' }), { timeoutMs });
  const probe = parseProbe((await first.exec(probeCommand(place), { timeoutMs })).stdout);
  expect(probe).toMatchObject({ harnessDigest: 'd1', arch: process.arch });
  // The channel closes although the harness lives on: otherwise this would be a COMMAND_TIMEOUT.
  const nodePath = process.execPath;
  const spawned = await first.exec(spawnCommand({ ...place, nodePath }), {
    timeoutMs,
    input: '{"port":7700}\n',
  });
  expect(spawned).toMatchObject({ exitCode: 0, stderrTail: '' });
  const pid = Number(spawned.stdout);
  await first.close();
  await until('the login has ended', () => sshd.sessions().length === 0);
  expect(isRunning(pid)).toBe(true);

  const second = await open();
  const watching = second.exec(watchCommand(place), { timeoutMs });
  expect(await second.exec(stopCommand(place), { timeoutMs })).toMatchObject({ exitCode: 0 });
  expect(await watching).toMatchObject({ exitCode: 0, stdout: 'got 7700\n' });
  expect(isRunning(pid)).toBe(false);
  await second.close();
});
