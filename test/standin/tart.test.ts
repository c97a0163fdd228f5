import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTartBench, tartBin, type TartBench } from '../helpers/tart/index.ts';
import { until } from '../helpers/until.ts';
import { lock } from './tart/lock.ts';

describe('the stand-in for tart: images and VMs', () => {
  let bench: TartBench;
  let tart: TartBench['tart'];

  beforeEach(async () => {
    bench = await startTartBench();
    tart = bench.tart;
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  describe('exit codes', () => {
    it('are 2 for a VM that is missing, in one sentence', async () => {
      for (const verb of [
        ['get'],
        ['stop'],
        ['ip'],
        ['delete'],
        ['set', '--cpu', '1'],
        ['suspend'],
        ['exec'],
      ]) {
        const [name = '', ...rest] = verb;
        const argv = name === 'exec' ? ['exec', 'none', 'true'] : [name, 'none', ...rest];
        expect(await tart(...argv)).toMatchObject({
          exitCode: 2,
          stderrTail: 'the specified VM "none" does not exist',
        });
      }
      expect(await tart('clone', 'none', 'x')).toMatchObject({ exitCode: 2 });
    });

    it('are 1, with a prefix, for run of one that is missing; 64 for rename', async () => {
      expect(await tart('run', 'none')).toMatchObject({
        exitCode: 1,
        stderrTail: 'Error: the specified VM "none" does not exist',
      });
      expect(await tart('rename', 'none', 'x')).toMatchObject({ exitCode: 64 });
    });

    it('are 64, with the usage, for arguments that make no sense', async () => {
      for (const argv of [['get'], ['get', 'base', '--bogus'], ['clone', 'base', 'a/b'], ['bogus']]) {
        const { exitCode, stderrTail } = await tart(...argv);
        expect([argv, exitCode]).toEqual([argv, 64]);
        expect(stderrTail).toMatch(/^Error: .*\nUsage: /);
      }
      const modes = await tart('run', 'base', '--net-host', '--net-softnet');
      expect(modes).toMatchObject({
        exitCode: 64,
        stderrTail: expect.stringContaining('mutually exclusive') as string,
      });
    });

    it('are 1 for a VM whose files are not all there', async () => {
      await unlink(join(bench.home, 'vms', 'base', 'nvram.bin'));
      expect(await tart('get', 'base')).toMatchObject({
        exitCode: 1,
        stderrTail: expect.stringContaining('missing some of its files') as string,
      });
      expect((await tart('list', '-q')).stdout).toBe('');
      await rm(join(bench.home, 'vms', 'base', 'config.json'));
      expect(await tart('delete', 'base')).toMatchObject({ exitCode: 2 });
    });

    it('are 0 although garbage could not be collected, which is told', async () => {
      await bench.fault('gc');
      expect(await tart('get', 'base')).toMatchObject({
        exitCode: 0,
        stderrTail: expect.stringContaining('garbage collection') as string,
      });
    });
  });

  describe('clone', () => {
    it('replaces what has the name without a word, unless it was told not to', async () => {
      await tart('clone', 'base', 'a');
      await tart('set', 'a', '--cpu', '7');
      expect(await tart('clone', 'base', 'a')).toMatchObject({ exitCode: 0, stdout: '', stderrTail: '' });
      expect(JSON.parse((await tart('get', 'a', '--format', 'json')).stdout)).toMatchObject({ CPU: 4 });
      await bench.fault('strict-clone');
      expect(await tart('clone', 'base', 'a')).toMatchObject({ exitCode: 1 });
    });

    it('keeps the hardware address unless a local VM has it; so a remote image’s is shared', async () => {
      await tart('clone', 'base', 'a');
      expect(await bench.macOf('a')).not.toBe(await bench.macOf('base'));
      const image = 'host.example/an/image:1';
      await tart('clone', image, 'b');
      const shared = await bench.macOf('b');
      await tart('delete', 'b');
      await tart('clone', image, 'c');
      expect(await bench.macOf('c')).toBe(shared);
      await tart('set', 'c', '--random-mac');
      expect(await bench.macOf('c')).not.toBe(shared);
    });

    it('waits, without a word and without a limit, for whoever else changes VMs', async () => {
      const release = await lock(bench.home);
      let isOver = false;
      const cloning = tart('clone', 'base', 'a').finally(() => (isOver = true));
      await tart('get', 'base');
      expect([isOver, existsSync(join(bench.home, 'vms', 'a'))]).toEqual([false, false]);
      release();
      expect(await cloning).toMatchObject({ exitCode: 0, stdout: '' });
    });
  });

  describe('list and get', () => {
    it('write JSON as Foundation does, with the fields of their version', async () => {
      const { stdout } = await tart('list', '--source', 'local', '--format', 'json');
      expect(stdout).toContain('"Name" : "base"');
      expect(Object.keys((JSON.parse(stdout) as object[])[0] ?? {})).toContain('Accessed');
      await bench.fault('profile', '2.30.6');
      const old = JSON.parse(
        (await tart('list', '--source', 'local', '--format', 'json')).stdout,
      ) as object[];
      expect(Object.keys(old[0] ?? {})).toContain('SizeOnDisk');
      expect((await tart('list', '--source', 'oci', '--format', 'json')).stdout).toBe('[\n\n]');
      await tart('pull', 'host.example/an/image:1');
      const oci = await tart('list', '--source', 'oci', '--format', 'json');
      expect(oci.stdout).toContain(String.raw`host.example\/an\/image:1`);
      expect(JSON.parse(oci.stdout) as object[]).toHaveLength(2);
      expect(await tart('list', '--source', 'cloud')).toMatchObject({ exitCode: 64 });
    });
  });

  describe('pull', () => {
    const image = 'host.example/an/image:1';

    it('shows its progress line by line where CI is set, and else over itself', async () => {
      const { stdout } = await tart('pull', image);
      expect(stdout.split('\n')).toEqual(
        expect.arrayContaining([`pulling ${image}...`, '0%', '100%', 'pulling NVRAM...']),
      );
      expect((await tart('pull', image)).stdout).toContain('image is already cached and linked!');
      expect((await tart('fqn', image)).stdout).toMatch(/^host\.example\/an\/image@sha256:[0-9a-f]{64}$/);
      expect((await tart('clone', image, 'a')).stdout).toBe('');
    });

    it.each([
      ['401', 'code: 401'],
      ['404', 'code: 404'],
      ['503', 'code: 503'],
      ['network', 'could not be found'],
      ['disk-full', 'out of space'],
    ])('fails with 1: %s', async (mode, words) => {
      await bench.fault('pull', mode);
      const { exitCode, stderrTail } = await tart('pull', image);
      expect(exitCode).toBe(1);
      expect(stderrTail).toMatch(/^Error: /);
      expect(stderrTail).toContain(words);
    });

    it('refuses a name that is none, and one at a time pulls from a host', async () => {
      expect(await tart('pull', 'not a name')).toMatchObject({ exitCode: 1 });
      const release = await lock(join(bench.home, 'cache', 'OCIs', 'host.example'));
      const child = spawn(tartBin, ['pull', image], { env: { ...process.env, ...bench.env }, stdio: 'pipe' });
      let seen = '';
      child.stdout.on('data', (chunk) => void (seen += String(chunk)));
      await until('it waits', () => seen.includes('waiting for lock...'));
      release();
      expect(await once(child, 'exit')).toEqual([0, null]);
    });

    it('leaves what was fetched when it is killed, which the next other command removes', async () => {
      await bench.fault('pull', 'slow');
      const child = spawn(tartBin, ['pull', image], { env: { ...process.env, ...bench.env }, stdio: 'pipe' });
      let seen = '';
      child.stdout.on('data', (chunk) => void (seen += String(chunk)));
      await until('it is half done', () => seen.includes('50%'));
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(await readdir(join(bench.home, 'tmp'))).toHaveLength(1);
      await tart('list');
      expect(await readdir(join(bench.home, 'tmp'))).toEqual([]);
    });
  });
});
