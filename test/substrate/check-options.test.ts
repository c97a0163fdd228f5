import { describe, expect, it } from 'vitest';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { VzvmError } from '../../src/errors.ts';
import { checkOptions } from '../../src/substrate/check-options.ts';
import type { VZVMSubstrateOptions } from '../../src/substrate/options.ts';
import { VZVMSubstrate } from '../../src/substrate/substrate.ts';

/** What is said about options that a program wrote without a compiler. */
function complaintAbout(options: unknown): VzvmError {
  try {
    checkOptions(options as VZVMSubstrateOptions);
  } catch (error) {
    if (error instanceof VzvmError) return error;
    throw error;
  }
  return expect.unreachable('nothing was said');
}

describe('an option that is ill-typed', () => {
  it.each<[option: string, options: object, shown: string]>([
    ['baseImage', { baseImage: '' }, '""'],
    ['sshUser', { sshUser: 'Root User' }, '"Root User"'],
    ['sshPrivateKeyPath', { sshPrivateKeyPath: 7 }, '7'],
    ['tartBin', { tartBin: null }, 'null'],
    ['remoteWorkdir', { remoteWorkdir: 'harness' }, '"harness"'],
    ['bundlePath', { bundlePath: '' }, '""'],
    ['readinessPollMs', { readinessPollMs: 0 }, '0'],
    ['readinessTimeoutMs', { readinessTimeoutMs: 2 ** 31 }, '2147483648'],
    ['onLog', { onLog: 'console.log' }, '"console.log"'],
    ['onVm', { onVm: {} }, '{}'],
    ['driver', { driver: 'docker' }, '"docker"'],
    ['driver', { driver: { name: 'mine' } }, '{"name":"mine"}'],
    ['accelerator', { accelerator: 'xen' }, '"xen"'],
    ['network', { network: 'none' }, '"none"'],
    ['network.bridged', { network: { bridged: 'en0; rm' } }, '"en0; rm"'],
    ['network.softnet.allow.0', { network: { softnet: { allow: ['host'] } } }, '"host"'],
    ['mounts./data', { mounts: { '/data': '' } }, '""'],
    ['mounts./data', { mounts: { '/data': 'a:b' } }, '"a:b"'],
    ['mounts.data', { mounts: { data: '/tmp' } }, '"/tmp"'],
    ['mounts./data/../etc', { mounts: { '/data/../etc': '/tmp' } }, '"/tmp"'],
    ['stateDir', { stateDir: '' }, '""'],
    ['cacheDir', { cacheDir: 1 }, '1'],
    ['cpu', { cpu: 1.5 }, '1.5'],
    ['memoryMiB', { memoryMiB: '2048' }, '"2048"'],
    ['diskGiB', { diskGiB: -1 }, '-1'],
    ['guestNode.major', { guestNode: { major: 18 } }, '18'],
    ['guestNode.source', { guestNode: { source: 'nvm' } }, '"nvm"'],
    ['prepare', { prepare: 'always' }, '"always"'],
    ['prepare.packages.0', { prepare: { packages: ['jq; rm -rf /'] } }, '"jq; rm -rf /"'],
    ['prepare.script', { prepare: { script: '' } }, '""'],
    ['fork', { fork: 'yes' }, '"yes"'],
    ['hostPorts.3000', { hostPorts: { 3000: 70_000 } }, '70000'],
    ['hostPorts.70000', { hostPorts: { 70_000: 3000 } }, '3000'],
    ['hostPorts.http', { hostPorts: { http: 80 } }, '80'],
    ['timeouts.booting', { timeouts: { booting: '1m' } }, '"1m"'],
    ['timeouts.healthy', { timeouts: { healthy: Infinity } }, 'null'],
    ['retries.spawn', { retries: { spawn: 0 } }, '0'],
    ['signal', { signal: new AbortController() }, '{}'],
    ['keepOnFailure', { keepOnFailure: 'no' }, '"no"'],
    ['logger', { logger: 'pino' }, '"pino"'],
    ['inspect', { inspect: true }, 'true'],
  ])('is named with its value: %s in %j', (option, options, shown) => {
    const error = complaintAbout(options);
    expect(error).toMatchObject({
      code: 'OPTION_INVALID',
      facts: { option, value: shown },
    });
    expect(error.message).toContain(`option ${option}: `);
    expect(error.hint).toContain(option);
  });

  it('is not shown when it is a password', () => {
    const error = complaintAbout({ sshPassword: { is: 'top-secret' } });
    expect(error.facts).toEqual({ option: 'sshPassword', value: '(hidden)' });
    expect(JSON.stringify([error, error.message, error.hint])).not.toContain('top-secret');
  });

  it('is shown in part when it is long, and by its kind when it cannot be written', () => {
    expect(complaintAbout({ sshUser: 'X'.repeat(5_000) }).facts['value']).toHaveLength(200);
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(complaintAbout({ onLog: circular }).facts['value']).toBe('object');
  });

  it('may be the whole', () => {
    expect(complaintAbout('qemu')).toMatchObject({ code: 'OPTION_INVALID' });
  });
});

describe('an option that is unknown', () => {
  it.each([
    [{ sshPasword: 'top-secret' }, 'sshPasword', 'did you mean sshPassword?'],
    [{ memory_mib: 1 }, 'memory_mib', 'did you mean memoryMiB?'],
    [{ timeouts: { boot: 1 } }, 'timeouts.boot', 'did you mean timeouts.booting?'],
    [{ timeouts: { health: 1 } }, 'timeouts.health', 'did you mean timeouts.healthy?'],
    [{ retries: { sshconnect: 1 } }, 'retries.sshconnect', 'did you mean retries.ssh-connect?'],
    [{ prepare: { package: ['jq'] } }, 'prepare.package', 'did you mean prepare.packages?'],
    [{ guestNode: { majro: 22 } }, 'guestNode.majro', 'did you mean guestNode.major?'],
  ])('in %j is named, with the nearest one that is known', (options, option, hint) => {
    const error = complaintAbout(options);
    expect(error).toMatchObject({ code: 'OPTION_INVALID', message: `unknown option ${option}`, hint });
    expect(JSON.stringify([error, error.message])).not.toContain('top-secret');
  });

  it('that is near to nothing is told all that there are', () => {
    const error = complaintAbout({ kubernetes: true });
    expect(error.hint).toContain('valid names: ');
    expect(error.hint).toContain('baseImage');
    expect(error.facts).toMatchObject({ nearest: undefined });
  });
});

describe('options that are right', () => {
  it('are taken as they are', () => {
    const all: VZVMSubstrateOptions = {
      driver: createFakeDriver(),
      sshUser: 'admin',
      hostPorts: { 3000: 3001, 65_535: 1 },
      prepare: { packages: ['jq', 'libssl1.1:amd64'], script: 'true' },
      timeouts: { cloning: 1, healthy: 2, disposing: 3 },
      retries: { 'ssh-connect': 4 },
      signal: new AbortController().signal,
      logger: console,
    };
    expect(checkOptions(all)).toBe(all);
    expect(checkOptions({})).toEqual({});
  });

  it('are asked for when the substrate is made, not when it boots', () => {
    expect(() => new VZVMSubstrate({ cpu: 0 })).toThrow('option cpu');
  });
});
