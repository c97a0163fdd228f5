import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BootError, VZVMSubstrate, type VzvmError, type VZVMSubstrateOptions } from '../../src/index.ts';
import { lookOutside, type Outside } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

const reason = reasonToSkip();

describe.skipIf(reason !== undefined)(`a boot that fails${reason ? ` (${reason})` : ''}`, () => {
  let stateDir: string;
  let before: Outside;

  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'e2e-bad-'));
    before = await lookOutside(stateDir);
  });

  afterEach(async () => {
    await rm(stateDir, { recursive: true, force: true });
  });

  const boot = (options: VZVMSubstrateOptions) =>
    new VZVMSubstrate({ stateDir, driver: 'qemu', ...options })
      .bootHarness({ envs: { CANARY: 'canary-secret-value' } })
      .then(
        () => expect.unreachable('the boot should have failed'),
        (error: unknown) => error,
      );

  const expectNothingLeft = async () => {
    expect(await lookOutside(stateDir)).toEqual({ ...before, processes: [], guests: [] });
  };

  it('with a wrong password says so, and leaves nothing', async () => {
    const error = await boot({ sshPassword: 'wrong-password-value' });
    expect(error).toBeInstanceOf(BootError);
    expect(error).toMatchObject({ code: 'SSH_AUTH_FAILED', step: 'ssh-connect', problems: [] });
    expect((error as VzvmError).hint).toMatch(/sshPassword|sshPrivateKeyPath/);
    expect(JSON.stringify(error) + (error as Error).stack).not.toContain('wrong-password-value');
    await expectNothingLeft();
  });

  it('with a registry that is down fails in the step that needs it, and leaves nothing', async () => {
    const previous = process.env['npm_config_registry'];
    process.env['npm_config_registry'] = 'http://127.0.0.1:9/';
    try {
      const error = await boot({ guestNode: { source: 'npm' }, retries: { 'node-install': 1 } });
      expect(error).toMatchObject({ code: 'NODE_INSTALL_FAILED', step: 'node-install', problems: [] });
      expect((error as VzvmError).hint).toBeTruthy();
    } finally {
      if (previous === undefined) delete process.env['npm_config_registry'];
      else process.env['npm_config_registry'] = previous;
    }
    await expectNothingLeft();
  });

  it('with an sshd that never comes fails at the deadline with the console, and leaves nothing', async () => {
    const error = await boot({ timeouts: { 'ssh-connect': 2_000 } });
    expect(error).toMatchObject({ code: 'STEP_TIMEOUT', step: 'ssh-connect', problems: [] });
    await expectNothingLeft();
  });

  it('with a harness that crashes at start shows its log, and leaves nothing', async () => {
    const bundlePath = join(stateDir, 'harness.mjs');
    await writeFile(bundlePath, 'console.error("the harness has a bad day"); process.exit(3);\n');
    const error = await boot({ bundlePath });
    expect(error).toMatchObject({ code: 'HARNESS_CRASHED', step: 'spawn', problems: [] });
    expect((error as VzvmError).stderrTail).toContain('the harness has a bad day');
    expect(JSON.stringify(error)).not.toContain('canary-secret-value');
    await rm(bundlePath);
    await expectNothingLeft();
  });

  it('when its guest is killed notices at once, and leaves nothing', async () => {
    const error = await boot({
      onVm: (vm) => {
        vm.on((event) => {
          if (event.type === 'step' && event.step === 'ssh-connect' && vm.pid !== undefined)
            process.kill(vm.pid, 'SIGKILL');
        });
      },
    });
    expect(error).toMatchObject({ code: 'GUEST_EXITED', step: 'ssh-connect', problems: [] });
    await expectNothingLeft();
  });
});
