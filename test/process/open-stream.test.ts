import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { isRunning } from '../../src/process/end-process.ts';
import { openStream } from '../../src/process/open-stream.ts';
import { tempDir } from '../helpers/temp.ts';
import { until } from '../helpers/until.ts';

const never = new AbortController().signal;
const open = (script: string, more: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
  openStream('sh', ['-c', script], { env: {}, timeoutMs: 30_000, signal: never, ...more });

/** Nothing else happens in this process until the program that writes its id there has ended. */
function standStillUntilEnded(file: string): void {
  for (let stat = ''; !stat.includes(') Z');) {
    const pid = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    if (pid !== '') stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  }
}

describe('a program as a stream', () => {
  it('carries bytes both ways once it is ready, and ends with the program', async () => {
    const stream = await open('echo; head -c 5; echo bye');
    stream.write('hello');
    expect(await text(stream)).toBe('hellobye\n');
  });

  it('loses nothing of what a program has said that has ended', async () => {
    const stream = await open('echo; head -c 1000 /dev/zero');
    await once(stream, 'finish');
    expect(await text(stream)).toHaveLength(1000);
  });

  it('hears it where it learns of its end first, as of one that ended together with another', async () => {
    await using temp = await tempDir();
    const [one, two] = [join(temp.path, 'one'), join(temp.path, 'two')];
    const opening = Promise.withResolvers<Duplex>();
    const other = spawn('sh', ['-c', `echo $$ > ${one}; echo`], { stdio: ['ignore', 'pipe', 'ignore'] });
    other.stdout.once('data', () => {
      opening.resolve(open(`echo; echo $$ > ${two}; head -c 1000 /dev/zero`));
      standStillUntilEnded(two);
    });
    standStillUntilEnded(one);
    expect(await text(await opening.promise)).toHaveLength(1000);
  });

  it('ends the program with it', async () => {
    const stream = await open('echo; echo $$; exec sleep 60');
    const [chunk] = (await once(stream, 'data')) as [Buffer];
    stream.destroy();
    await until('it is gone', async () => !(await isRunning(Number(String(chunk)))));
    expect(stream.destroyed).toBe(true);
  });

  it.each([
    ['ends before', 'echo no agent >&2; exit 1'],
    ['says something else', 'echo hello; sleep 60'],
    ['is not there', 'exec /no/such/program'],
  ])('is refused where the program %s', async (_, script) => {
    await expect(open(script)).rejects.toMatchObject({ code: 'DIAL_FAILED', retry: 'safe' });
  });

  it('is refused at its deadline, and ABORTED when it is cancelled', async () => {
    await expect(open('exec sleep 60', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'DIAL_FAILED' });
    const signal = AbortSignal.timeout(50);
    await expect(open('exec sleep 60', { signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
