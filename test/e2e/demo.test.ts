import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePlace, NOTHING, type Place } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

const CARD = [
  'cloning',
  'booting',
  'ip-polling',
  'ssh-connect',
  'upload',
  'node-install',
  'npm-install',
  'spawn',
  'healthy',
  'disposing',
  'disposed',
];

const reason = reasonToSkip();

describe.skipIf(reason !== undefined)(`the demo${reason ? ` (${reason})` : ''}`, () => {
  let place: Place;

  beforeEach(async () => {
    place = await makePlace();
  });

  afterEach(() => place[Symbol.asyncDispose]());

  it('runs an agent turn in a real VM, fetches its file back, and leaves nothing', async () => {
    const { code, stdout, stderr } = await demo(place, ['--json']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(report).toMatchObject({
      ok: true,
      driver: 'qemu',
      image: { ref: 'debian:12' },
      file: { path: 'hello.md', text: '# Hello\n\nWritten by an agent in its own VM.\n' },
      usage: { inputTokens: expect.any(Number) },
      leftovers: [],
    });
    expect((report['states'] as { state: string }[]).map(({ state }) => state)).toEqual(CARD);
    expect(await place.look()).toEqual(NOTHING);
  });

  it('ends with the VM gone when interrupted in the middle of a boot', async () => {
    const { code, stderr, running } = await demo(place, ['--verbose'], { interruptAt: 'ssh-connect' });
    expect(running).toHaveLength(1);
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: expect.stringContaining('cancelled; the VM is gone'),
    });
    expect(await place.look()).toEqual(NOTHING);
  });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** QEMU processes seen at the interrupt: proof that there was something to remove. */
  readonly running: readonly string[];
}

/** Runs the demo as a user does, without a key, and interrupts it when a state is named. */
async function demo(place: Place, args: string[], options: { interruptAt?: string } = {}): Promise<Ended> {
  const { ANTHROPIC_API_KEY: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--conditions=source', 'examples/vzvm-demo.ts', ...args], {
    env: { ...env, VZVM_HOME: place.stateDir, TMPDIR: place.temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  let interrupted: Promise<readonly string[]> | undefined;
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    if (options.interruptAt === undefined || interrupted || !stderr.includes(`: ${options.interruptAt}`))
      return;
    interrupted = place.look().then(({ processes }) => {
      child.kill('SIGINT');
      return processes;
    });
  });
  const [stdout, code] = await Promise.all([
    text(child.stdout),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { code, stdout, stderr, running: (await interrupted) ?? [] };
}
