import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { until } from '../../helpers/until.ts';
import { prepare, type Preparing } from './prepare-in-process.ts';
import { setUp } from './scripted-driver.ts';

const PROGRAM = fileURLToPath(new URL('prepare-in-process.ts', import.meta.url));

/** Another process that is in the middle of preparing an image, and this one, which waits for it. */
async function two() {
  const vm = await setUp();
  const preparing: Preparing = { options: vm.options, ref: vm.image.ref, key: 'prepared-by-two' };
  const other = spawn(process.execPath, [PROGRAM, JSON.stringify(preparing)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  other.stdout.setEncoding('utf8').on('data', (chunk: string) => void (said += chunk));
  const ended = once(other, 'close');
  await until('the other is half way', () => said.includes('half way'));
  const lines: string[] = [];
  const here = prepare(
    preparing,
    (line) => void lines.push(line),
    () => Promise.resolve(),
  );
  await until('it is waited for', () => lines.includes('the other process: half way'));
  const left = async () => (await readdir(vm.cache)).filter((name) => name.includes('prepared-by-two'));
  return {
    other,
    ended,
    here,
    left,
    said: () => said,
    async [Symbol.asyncDispose]() {
      other.kill('SIGKILL');
      await ended;
      await here.catch(() => undefined);
      await vm[Symbol.asyncDispose]();
    },
  };
}

test('one of two processes prepares an image, and the other takes it', async () => {
  await using it = await two();
  it.other.stdin.end();
  expect(await it.here).toBe('found');
  await it.ended;
  expect(it.said()).toBe('half way\nmade\n');
  expect(await it.left()).toEqual(['kept-prepared-by-two']);
});

test('a process that is killed while it prepares an image holds up nobody, and half of an image is none', async () => {
  await using it = await two();
  it.other.kill('SIGKILL');
  expect(await it.here).toBe('made');
  expect(await it.left()).toEqual(['kept-prepared-by-two']);
});
