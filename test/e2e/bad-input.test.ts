import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BootError, VZVMSubstrate, type VzvmError, type VZVMSubstrateOptions } from '../../src/index.ts';
import { setVariable } from './environment.ts';
import { startFailingRegistry } from './failing-registry.ts';
import { makePlace, NOTHING, type Place } from './outside.ts';
import { reasonToSkip } from './requirements.ts';

const reason = reasonToSkip();

describe.skipIf(reason !== undefined)(`a boot that fails${reason ? ` (${reason})` : ''}`, () => {
  let place: Place;

  beforeEach(async () => {
    place = await makePlace();
  });

  afterEach(async () => {
    // Every boot below fails, and a failed boot leaves nothing: whatever else it showed.
    assert.deepEqual(await place.look(), NOTHING);
    await place[Symbol.asyncDispose]();
  });

  const boot = async (options: VZVMSubstrateOptions): Promise<unknown> => {
    // Its end is for a boot that does not fail though it should: then a VM runs.
    const common = { stateDir: place.stateDir, driver: 'qemu', fork: 'never' } as const;
    await using substrate = new VZVMSubstrate({ ...common, ...options });
    return await substrate.bootHarness({ envs: { CANARY: 'canary-secret-value' } }).then(
      () => expect.unreachable('the boot should have failed'),
      (error: unknown) => error,
    );
  };

  it('with a wrong password says so, and leaves nothing', async () => {
    // A prepared image is never logged in to by a password.
    const error = await boot({ prepare: 'never', sshPassword: 'wrong-password-value' });
    expect(error).toBeInstanceOf(BootError);
    expect(error).toMatchObject({ code: 'SSH_AUTH_FAILED', step: 'ssh-connect', problems: [] });
    expect((error as VzvmError).hint).toMatch(/sshPassword|sshPrivateKeyPath/);
    expect(JSON.stringify(error) + (error as Error).stack).not.toContain('wrong-password-value');
  });

  it('with a registry that the guest cannot reach fails in node-install, and leaves nothing', async () => {
    // The host reaches it, the guest does not: what a guest without a network sees of any registry.
    await using registry = await startFailingRegistry();
    const error = await withRegistry(registry.url, () =>
      boot({ prepare: 'never', guestNode: { source: 'npm' }, retries: { 'node-install': 1 } }),
    );
    expect(error).toMatchObject({ code: 'NODE_INSTALL_FAILED', step: 'node-install', problems: [] });
    expect((error as VzvmError).hint).toBeTruthy();
  });

  it('with a registry that goes down before npm ci fails in npm-install, and leaves nothing', async () => {
    await using registry = await startFailingRegistry();
    const error = await withRegistry(registry.url, () =>
      boot({
        prepare: 'never',
        hostPorts: { [registry.port]: registry.port },
        guestNode: { source: 'npm' },
        retries: { 'npm-install': 1 },
      }),
    );
    expect(error).toMatchObject({ code: 'NPM_INSTALL_FAILED', step: 'npm-install', problems: [] });
    expect((error as VzvmError).hint).toMatch(/registry/);
    expect(registry.refused.length).toBeGreaterThan(0);
  });

  it('with its port taken in the guest says which, and leaves nothing', async () => {
    const error = await boot({ hostPorts: { 7700: 9 } });
    expect(error).toMatchObject({ code: 'PORT_TAKEN', step: 'spawn', problems: [] });
    expect((error as VzvmError).message).toContain('7700');
  });

  it('with an image that is not known, or a key that cannot be read, makes no VM', async () => {
    expect(await boot({ baseImage: 'debain:12' })).toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      hint: expect.any(String),
    });
    const sshPrivateKeyPath = join(place.stateDir, 'no-such-key');
    expect(await boot({ sshPrivateKeyPath })).toMatchObject({
      code: 'SSH_KEY_UNREADABLE',
      hint: expect.any(String),
    });
  });

  it('with an sshd that never comes fails at the deadline with the console, and leaves nothing', async () => {
    const error = await boot({ timeouts: { 'ip-polling': 2_000 } });
    expect(error).toMatchObject({ code: 'STEP_TIMEOUT', step: 'ip-polling', problems: [] });
  });

  it('with a harness that crashes at start shows its log, and leaves nothing', async () => {
    const bundlePath = join(place.stateDir, 'harness.mjs');
    await writeFile(bundlePath, 'console.error("the harness has a bad day"); process.exit(3);\n');
    const error = await boot({ bundlePath });
    expect(error).toMatchObject({ code: 'HARNESS_CRASHED', step: 'spawn', problems: [] });
    expect((error as VzvmError).stderrTail).toContain('the harness has a bad day');
    expect(JSON.stringify(error)).not.toContain('canary-secret-value');
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
  });
});

async function withRegistry<T>(url: string, work: () => Promise<T>): Promise<T> {
  const restore = setVariable('npm_config_registry', url);
  try {
    return await work();
  } finally {
    restore();
  }
}
