import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { VzvmError } from '../../src/errors.ts';
import { signalProcess } from '../../src/process/end-process.ts';
import { spawnCompanion } from '../../src/process/spawn-companion.ts';
import { isRunning } from '../helpers/processes.ts';
import { rejection } from '../helpers/rejection.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';

/** Starts a shell that outlives it, with its standard error, says the shell's number, and ends. */
const leaving = (shell: string): string => `
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
const env = { ...process.env, COMPANION: String(process.pid) };
const child = spawn('sh', ['-c', ${JSON.stringify(shell)}], { env, detached: true, stdio: ['ignore', 'ignore', 'inherit'] });
writeSync(2, 'left ' + child.pid + '\\n');
process.exit(3);
`;

const AFTER_ITS_END = 'while kill -0 $COMPANION 2> /dev/null; do sleep 0.01; done; echo late >&2';

async function failureOf(shell: string, meanwhile: () => Promise<void>): Promise<VzvmError> {
  await using temp = await tempDir();
  const script = join(temp.path, 'companion.mjs');
  await writeFile(script, leaving(shell));
  const error = rejection(spawnCompanion(script, [], { env: ['PATH'], tied: true }));
  await meanwhile();
  return (await error) as VzvmError;
}

describe('a companion that ends before it is ready', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('is heard to its last word, whoever says it', async () => {
    const { stderrTail } = await failureOf(AFTER_ITS_END, async () => undefined);
    expect(stderrTail).toMatch(/^left \d+\nlate$/);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not listened to for longer than a second after its end, though something holds its output', async () => {
    const error = await failureOf('exec sleep 1000', async () => {
      await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), { interval: 1, timeout: 60_000 });
      await vi.advanceTimersByTimeAsync(1_000);
    });
    expect(error).toMatchObject({ code: 'COMMAND_FAILED', exitCode: 3 });
    const left = Number(/^left (\d+)$/.exec(error.stderrTail ?? '')?.[1]);
    expect(isRunning(left)).toBe(true);
    signalProcess(left, 'SIGKILL');
    vi.useRealTimers();
    await until('nothing is left', () => !isRunning(left));
  });
});
