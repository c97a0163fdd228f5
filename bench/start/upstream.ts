import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dialTcp } from '../../src/drivers/dial-tcp.ts';
import { connectSsh, type SshConnection } from '../../src/ssh/index.ts';
import { type ByHandVm, startByHand } from '../by-hand-vm.ts';
import { untilHealthy } from '../floor.ts';
import { DIRECTORY, installByHand, type Installation } from '../floor-install.ts';
import type { Place } from '../place.ts';
import { firstCommand } from './first-command.ts';
import type { StartSample } from './starts.ts';

const STEP_MS = 20 * 60_000;
const CONNECT_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 500;

const INSTALLATION: Installation = {
  files: ['harness.mjs', 'package.json'],
  areSentAtOnce: false,
  npm: 'npm install --include=optional --no-fund --no-audit',
};

/**
 * The sequence of the runtime that this one succeeds, with its pauses, on the same guest: clone, run, a try to log in
 * by password each second, two files one after the other, Node, `npm install` without a lock file, start, a look at
 * the health each half second. Node comes from the npm registry here, as for every other row.
 */
export async function upstreamSequence(place: Place, signal: AbortSignal): Promise<StartSample> {
  const begun = performance.now();
  await using vm = await startByHand({
    folder: join(place.folder, 'upstream'),
    artifact: place.built,
    accelerator: place.accelerator,
    signal,
    waits: false,
  });
  const guest = await loginEachSecond(vm, place.built.image.login?.password ?? '');
  try {
    await installByHand(guest, vm.signal, INSTALLATION);
    const start = `cd ${DIRECTORY} && HOST=0.0.0.0 PORT=7700 setsid -f node harness.mjs </dev/null >/tmp/harness.log 2>&1`;
    const { exitCode, stderrTail } = await guest.exec(start, { timeoutMs: STEP_MS, signal: vm.signal });
    if (exitCode !== 0) throw new Error(`the harness was not started: ${stderrTail}`);
    const baseUrl = `http://127.0.0.1:${vm.ports[7700]}`;
    await untilHealthy(`${baseUrl}/v1/health`, vm.signal, LOOK_EVERY_MS);
    const readyMs = performance.now() - begun;
    await firstCommand(baseUrl);
    return { readyMs, commandMs: performance.now() - begun };
  } finally {
    await guest.close();
  }
}

async function loginEachSecond(vm: ByHandVm, password: string): Promise<SshConnection> {
  const dial = (signal: AbortSignal) => dialTcp('127.0.0.1', vm.ports[22] ?? 0, signal);
  for (;;) {
    try {
      return await connectSsh({ dial, user: 'admin', auth: { password }, signal: vm.signal });
    } catch {
      await sleep(CONNECT_EVERY_MS, undefined, { signal: vm.signal });
    }
  }
}
