import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTartBench, tartBin, type TartBench } from '../helpers/tart/index.ts';
import { startTart } from '../helpers/tart/start-tart.ts';
import { readConfig, writeConfig } from './tart/home.ts';
import { giveLease } from './tart/leases.ts';

describe('the stand-in for tart: VMs that run', () => {
  let bench: TartBench;
  let tart: TartBench['tart'];

  beforeEach(async () => {
    bench = await startTartBench();
    tart = bench.tart;
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  describe('run', () => {
    it('says nothing while it lives; SIGINT is a power cut, and a success', async () => {
      const { child, exit, out, errors } = await startTart(bench, 'base');
      expect(await tart('run', 'base')).toMatchObject({
        exitCode: 2,
        stderrTail: 'VM "base" is already running!',
      });
      child.kill('SIGINT');
      expect(await exit).toEqual([0, null]);
      expect([await out, await errors]).toEqual(['Stopping VM...\n', '']);
      expect(await bench.stateOf('base')).toBe('stopped');
    });

    it.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
      'dies of %s, and the VM is stopped',
      async (signal) => {
        const { child, exit, out } = await startTart(bench, 'base');
        child.kill(signal);
        expect(await exit).toEqual([null, signal]);
        expect([await out, await bench.stateOf('base')]).toEqual(['', 'stopped']);
      },
    );

    it('asks the guest to power off at SIGUSR2, and fails at SIGUSR1, as Linux cannot be suspended', async () => {
      const polite = await startTart(bench, 'base');
      polite.child.kill('SIGUSR2');
      expect(await polite.exit).toEqual([0, null]);
      expect(await polite.out).toBe(
        'Requesting guest OS to stop...\nguest has stopped the virtual machine\n',
      );
      const rude = await startTart(bench, 'base');
      expect(await tart('suspend', 'base')).toMatchObject({ exitCode: 0 });
      expect(await rude.exit).toEqual([1, null]);
      expect(await rude.out).toContain('Failed to suspend the VM');
    });

    it('ends with 0 whatever ended the guest', async () => {
      await bench.fault('dies-after-ms', '300');
      const { exit, out } = await startTart(bench, 'base');
      expect(await exit).toEqual([0, null]);
      expect(await out).toContain('due to error');
    });

    it('does not hear SIGINT in its first moments', async () => {
      await bench.fault('deaf');
      const { child, exit } = await startTart(bench, 'base');
      child.kill('SIGINT');
      expect(await bench.stateOf('base')).toBe('running');
      child.kill('SIGKILL');
      await exit;
    });

    it('takes another hardware address when one that runs has it', async () => {
      await tart('clone', 'host.example/an/image:1', 'a');
      const mac = await bench.macOf('a');
      const first = await startTart(bench, 'a');
      await rm(join(bench.home, 'vms', 'base'), { recursive: true });
      await tart('clone', 'a', 'b');
      const folder = join(bench.home, 'vms', 'b');
      await writeConfig(folder, { ...(await readConfig(folder)), macAddress: mac });
      const second = await startTart(bench, 'b');
      expect(await bench.macOf('b')).not.toBe(mac);
      for (const { child, exit } of [first, second]) {
        child.kill('SIGKILL');
        await exit;
      }
      expect(await second.out).toContain('Resetting VM to assign a new MAC address...');
    });
  });

  describe('stop and delete', () => {
    it('stop is silent, and 2 when there is nothing to stop; delete refuses what runs, with 1', async () => {
      const { exit } = await startTart(bench, 'base');
      expect(await tart('delete', 'base')).toMatchObject({ exitCode: 1, stderrTail: 'VM "base" is running' });
      expect(await tart('stop', 'base')).toMatchObject({ exitCode: 0, stdout: '', stderrTail: '' });
      await exit;
      expect(await tart('stop', 'base')).toMatchObject({
        exitCode: 2,
        stderrTail: 'VM "base" is not running',
      });
      expect(await tart('delete', 'base')).toMatchObject({ exitCode: 0, stdout: '' });
    });

    it('stop kills at its deadline, and does not wait for the end', async () => {
      await bench.fault('deaf');
      const { exit } = await startTart(bench, 'base');
      expect(await tart('stop', 'base', '--timeout', '0')).toMatchObject({ exitCode: 0 });
      expect(await exit).toEqual([null, 'SIGKILL']);
    });

    it('delete ends at the first that cannot be', async () => {
      await tart('clone', 'base', 'a');
      await tart('clone', 'base', 'b');
      expect(await tart('delete', 'a', 'none', 'b')).toMatchObject({ exitCode: 2 });
      expect((await tart('list', '-q', '--source', 'local')).stdout.split('\n')).toEqual(['b', 'base']);
    });
  });

  describe('ip', () => {
    it('answers from the lease table, also for a VM that has ended, and fails after a second', async () => {
      expect(await tart('ip', 'base')).toMatchObject({
        exitCode: 1,
        stderrTail: 'no IP address found, is your VM running?',
      });
      const { child, exit } = await startTart(bench, 'base');
      const { stdout } = await tart('ip', 'base', '--wait', '5');
      expect(stdout).toMatch(/^127\.0\.0\.\d+$/);
      child.kill('SIGKILL');
      await exit;
      expect(await tart('ip', 'base')).toMatchObject({ exitCode: 0, stdout });
      await bench.fault('lease', 'truncated');
      expect(await tart('ip', 'base', '--wait', '60')).toMatchObject({
        exitCode: 1,
        stderrTail: expect.stringContaining('Truncated') as string,
      });
      await bench.fault('ip', 'empty');
      expect(await tart('ip', 'base')).toMatchObject({ exitCode: 0, stdout: '' });
    });

    it('has no address for the 252nd, until leases have expired', async () => {
      const mac = (number: number) => `52:00:00:00:00:${number.toString(16).padStart(2, '0')}`;
      const given = [];
      for (let number = 0; number < 252; number++)
        given.push(await giveLease(mac(number), '127.0.0', join(bench.home, 'leases')));
      expect(new Set(given.slice(0, 251)).size).toBe(251);
      expect(given.at(-1)).toBeUndefined();
    });
  });

  describe('exec', () => {
    it('refuses what does not run, and says so when no agent answers', async () => {
      expect(await tart('exec', 'base', 'true')).toMatchObject({ exitCode: 2 });
      const { child, exit } = await startTart(bench, 'base');
      await bench.fault('no-agent');
      await bench.fault('agent-patience-ms', '1');
      expect(await tart('exec', 'base', 'true')).toMatchObject({
        exitCode: 1,
        stderrTail: expect.stringContaining('is the Tart Guest Agent running?') as string,
      });
      child.kill('SIGKILL');
      await exit;
    });

    it('crashes when it is told to use a terminal that is not there', async () => {
      const child = spawn(tartBin, ['exec', '-t', 'base', 'true'], {
        env: { ...process.env, ...bench.env },
        stdio: 'pipe',
      });
      expect(await once(child, 'exit')).toEqual([null, 'SIGTRAP']);
    });
  });
});
